/** Text to be taken along as it is: a command, a piece of a program or of a file. */
import { CopyButton } from "../copy-button/copy-button";
import styles from "./code-block.module.css";

export function CodeBlock({
  text,
  title,
}: {
  text: string /** A file's name, or where to type it. */;
  title?: string;
}) {
  return (
    <figure class={styles.block}>
      <figcaption class={styles.head}>
        <span>{title}</span>
        <CopyButton text={text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it has to be reachable by keyboard */}
      <pre class={styles.text} tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
