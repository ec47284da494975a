/** A page with a side panel: what it is about on the left, which scrolls by itself, the panel on the right. */
import type { ComponentChildren } from "preact";
import styles from "./split.module.css";

export function Split({ children, panel }: { children: ComponentChildren; panel?: ComponentChildren }) {
  return (
    <div class={styles.split}>
      <div class={styles.main}>{children}</div>
      {panel}
    </div>
  );
}
