/** What is bound here and now (spec console.md 8). */
import { signal } from "@preact/signals";
import { Dialog } from "../components/dialog/dialog";
import { scopes } from "./keys";
import styles from "./keys-dialog.module.css";
import { hrefOf } from "./navigation";
import { preferences } from "./preferences";

export const isKeysDialogOpen = signal(false);

export function KeysDialog() {
  if (!isKeysDialogOpen.value) return null;
  const close = () => {
    isKeysDialogOpen.value = false;
  };
  // What several parts of a page bind under one title stands together; the innermost comes first.
  const byTitle = new Map<string, { keys: string; does: string }[]>();
  for (const { title, bindings } of [...scopes.value].reverse()) {
    byTitle.set(title, [...(byTitle.get(title) ?? []), ...bindings]);
  }
  return (
    <Dialog title="Keys" width="wide" onClose={close}>
      {!preferences.value.letterKeys && (
        <p class={styles.note}>
          Keys of one character are switched off in the{" "}
          <a href={hrefOf({ route: { page: "settings", section: "preferences" } })} onClick={close}>
            preferences
          </a>
          .
        </p>
      )}
      <div class={styles.scopes}>
        {[...byTitle].map(([title, bindings]) => (
          <section key={title} class={styles.scope}>
            <h3>{title}</h3>
            <dl>
              {bindings.map(({ keys, does }) => (
                <div key={keys} class={styles.binding}>
                  <dt>
                    <Keys keys={keys} />
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
const NAMES: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Control: isApple ? "⌘" : "Ctrl",
  Alt: isApple ? "⌥" : "Alt",
  Shift: "⇧",
};

/** Keys as a binding names them, as they stand on the keyboard. */
export function Keys({ keys }: { keys: string }) {
  return (
    <>
      {keys.split(" / ").map((one, index) => (
        <span key={one} class={styles.keys}>
          {index > 0 && " or "}
          {one.split(" ").map(stroke => (
            <kbd key={stroke} class={styles.key}>
              {parts(stroke)
                .map(part => NAMES[part] ?? (parts(stroke).length > 1 ? part.toUpperCase() : part))
                .join(" ")}
            </kbd>
          ))}
        </span>
      ))}
    </>
  );
}

/** `Control++` has a plus as its key. */
const parts = (stroke: string): string[] => stroke.match(/[^+]+(?=\+)|[^+]+$|\+$/g) ?? [stroke];
