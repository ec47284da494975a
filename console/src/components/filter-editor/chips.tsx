import { useMemo } from "preact/hooks";
import { clausesOf } from "../../model/filter/clauses";
import { visible } from "../../model/format";
import { Icon } from "../icon/icon";
import styles from "./filter-editor.module.css";

/** Each clause with a button that takes it away. */
export function Chips(props: {
  value: string;
  onRemove: (at: number) => void;
  onEdit: (from: number, to: number) => void;
}) {
  const clauses = useMemo(() => clausesOf(props.value) ?? [], [props.value]);
  if (clauses.length === 0) return null;
  return (
    <ul class={styles.chips} aria-label="Clauses of the filter">
      {clauses.map(({ text, from, to }, at) => (
        <li key={`${at} ${text}`} class={styles.chip}>
          <button
            type="button"
            class={styles.clause}
            title={visible(text)}
            onClick={() => props.onEdit(from, to)}
          >
            {visible(text, 120)}
          </button>
          <button
            type="button"
            class={styles.remove}
            aria-label={`Remove ${visible(text, 120)}`}
            onClick={() => props.onRemove(at)}
          >
            <Icon name="close" size={12} />
          </button>
        </li>
      ))}
    </ul>
  );
}
