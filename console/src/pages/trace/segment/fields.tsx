/** Names and values, as the tabs of the panel list them; what is absent is left out. */
import type { ComponentChildren } from "preact";
import { CopyButton } from "../../../components/copy-button/copy-button";
import { visible } from "../../../model/format";
import { safeUrl } from "../links";
import styles from "./segment.module.css";

const TEXT_MAX = 2_000;

export function Fields({ title, children }: { title?: string; children: ComponentChildren }) {
  return (
    <section class={styles.section}>
      {title && <h3>{title}</h3>}
      <dl class={styles.fields}>{children}</dl>
    </section>
  );
}

/** A field; `value` may be any JSON: only what can be read in a line is shown. */
export function Field(props: { name: string; value?: unknown; children?: ComponentChildren }) {
  const { name, value, children } = props;
  const isAbsent = value === undefined || value === null || value === "";
  if (isAbsent && children === undefined) return null;
  return (
    <>
      <dt>{visible(name, 200)}</dt>
      <dd>{children ?? <Plain value={value} />}</dd>
    </>
  );
}

function Plain({ value }: { value: unknown }) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  const href = typeof value === "string" ? safeUrl(value) : undefined;
  return (
    <span class={styles.plain}>
      {href ? (
        <a href={href} target="_blank" rel="noopener noreferrer">
          {visible(text, TEXT_MAX)}
        </a>
      ) : (
        visible(text, TEXT_MAX)
      )}
      <span class={styles.copy}>
        <CopyButton text={text} />
      </span>
    </span>
  );
}
