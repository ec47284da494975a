/** Which columns are shown, and in which order. */
import { Button } from "../../components/button/button";
import { Icon } from "../../components/icon/icon";
import { Popover } from "../../components/popover/popover";
import { visible } from "../../model/format";
import { COLUMNS, type Column, DEFAULT_COLUMNS } from "../../model/search/row";
import { titleOf } from "./columns";
import styles from "./traces.module.css";

export function ColumnChooser(props: {
  columns: readonly Column[];
  /** Annotation keys of the found traces. */
  keys: readonly string[];
  onColumns: (columns: readonly Column[]) => void;
}) {
  const { columns, onColumns } = props;
  const annotations = props.keys.map(key => `annotation.${key}` as const);
  const others = [...COLUMNS, ...annotations].filter(column => !columns.includes(column));
  const move = (at: number, by: number) => {
    const next = [...columns];
    const [column] = next.splice(at, 1);
    if (column) next.splice(at + by, 0, column);
    onColumns(next);
  };
  const tick = (column: Column, isShown: boolean) => (
    <label class={styles.tick}>
      <input
        type="checkbox"
        checked={isShown}
        disabled={isShown && columns.length === 1}
        onChange={() => onColumns(isShown ? columns.filter(one => one !== column) : [...columns, column])}
      />
      <span>{visible(titleOf(column), 60)}</span>
    </label>
  );
  return (
    <Popover
      look="quiet"
      align="end"
      label="Columns"
      button={
        <>
          <Icon name="columns" size={14} /> Columns
        </>
      }
    >
      {() => (
        <div class={styles.chooser}>
          <ul aria-label="Shown columns">
            {columns.map((column, at) => (
              <li key={column}>
                {tick(column, true)}
                <Button
                  look="quiet"
                  disabled={at === 0}
                  aria-label={`${titleOf(column)} to the left`}
                  onClick={() => move(at, -1)}
                >
                  ↑
                </Button>
                <Button
                  look="quiet"
                  disabled={at === columns.length - 1}
                  aria-label={`${titleOf(column)} to the right`}
                  onClick={() => move(at, 1)}
                >
                  ↓
                </Button>
              </li>
            ))}
          </ul>
          {others.length > 0 && <hr />}
          <ul aria-label="Further columns">
            {others.map(column => (
              <li key={column}>{tick(column, false)}</li>
            ))}
          </ul>
          <Button look="quiet" onClick={() => onColumns(DEFAULT_COLUMNS)}>
            As at the beginning
          </Button>
        </div>
      )}
    </Popover>
  );
}
