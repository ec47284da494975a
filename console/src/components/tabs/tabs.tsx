import type { ComponentChildren } from "preact";
import styles from "./tabs.module.css";

export interface Tab<T extends string> {
  id: T;
  label: ComponentChildren;
}

/** A list of tabs; arrows move between them. The caller shows what belongs to the chosen one. */
export function Tabs<T extends string>(props: {
  label: string;
  tabs: readonly Tab<T>[];
  chosen: T;
  onChoose: (id: T) => void;
  /** Id of the element that shows the chosen tab's content. */
  controls?: string;
}) {
  const { tabs, chosen, onChoose } = props;
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = tabs.findIndex(tab => tab.id === chosen);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onChoose(next.id);
    const list = event.currentTarget as HTMLElement;
    list.querySelectorAll<HTMLElement>("[role=tab]")[tabs.indexOf(next)]?.focus();
  };
  return (
    <div class={styles.tabs} role="tablist" aria-label={props.label} onKeyDown={move}>
      {tabs.map(tab => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          class={styles.tab}
          aria-selected={tab.id === chosen}
          aria-controls={props.controls}
          tabIndex={tab.id === chosen ? 0 : -1}
          onClick={() => onChoose(tab.id)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}
