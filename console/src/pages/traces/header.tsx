/** The titles of the columns: sort on the server, size, order; and the tick for all rows. */
import { useState } from "preact/hooks";
import { HeaderCell, HeaderRow } from "../../components/virtual-list/virtual-list";
import { visible } from "../../model/format";
import type { Column, Sort } from "../../model/search/row";
import { isIcon, isNumeric, ORDERS, titleOf, WIDTH_LEAST, widthOf } from "./columns";
import type { ListProps } from "./list";
import styles from "./list.module.css";
import { selected } from "./selection";

export function Header(
  props: ListProps & {
    template: string;
    widths: Record<string, number>;
    onResize: (column: Column, width: number, isDone: boolean) => void;
  },
) {
  const { columns, onColumns, state } = props;
  const [dragged, setDragged] = useState<Column>();
  const { ids } = selected.value;
  const isAll = state.rows.length > 0 && state.rows.every(row => ids.has(row.id));
  const drop = (target: Column) => {
    if (!dragged || dragged === target) return;
    const rest = columns.filter(column => column !== dragged);
    const at = rest.indexOf(target) + (columns.indexOf(dragged) < columns.indexOf(target) ? 1 : 0);
    onColumns([...rest.slice(0, at), dragged, ...rest.slice(at)]);
  };
  const move = (column: Column, by: number) => {
    const at = columns.indexOf(column);
    const rest = columns.filter(one => one !== column);
    const to = Math.max(0, Math.min(rest.length, at + by));
    onColumns([...rest.slice(0, to), column, ...rest.slice(to)]);
  };
  return (
    <HeaderRow class={styles.header} style={{ gridTemplateColumns: props.template }}>
      <HeaderCell class={styles.tick}>
        <input
          type="checkbox"
          aria-label="Select all listed"
          checked={isAll}
          onChange={() => {
            selected.value = { ids: new Set(isAll ? [] : state.rows.map(row => row.id)), last: undefined };
          }}
        />
      </HeaderCell>
      {columns.map(column => (
        <Title
          key={column}
          column={column}
          sort={props.sort}
          onSort={props.onSort}
          width={props.widths[column] ?? widthOf(column)}
          onResize={(width, isDone) => props.onResize(column, width, isDone)}
          onMove={by => move(column, by)}
          onDrag={() => setDragged(column)}
          onDrop={() => drop(column)}
        />
      ))}
      <HeaderCell class="visually-hidden">Actions</HeaderCell>
    </HeaderRow>
  );
}

const SIZE_STEP = 16;

function Title(props: {
  column: Column;
  sort: Sort;
  onSort: (sort: Sort) => void;
  width: number;
  onResize: (width: number, isDone: boolean) => void;
  onMove: (by: number) => void;
  onDrag: () => void;
  onDrop: () => void;
}) {
  const { column, sort, width } = props;
  const orders = ORDERS[column];
  const at = orders?.indexOf(sort) ?? -1;
  const title = visible(titleOf(column), 60);
  const isDescending = at >= 0 && ["newest", "slowest", "longest"].includes(sort);
  const resize = (event: PointerEvent) => {
    event.preventDefault();
    event.stopPropagation();
    const grip = event.currentTarget as HTMLElement;
    const start = event.clientX;
    // What was never sized may be wider than its least: it starts from what is seen.
    const seen = grip.parentElement?.offsetWidth ?? width;
    const sizeAt = (x: number) => Math.max(WIDTH_LEAST, seen + x - start);
    grip.setPointerCapture(event.pointerId);
    grip.onpointermove = moved => props.onResize(sizeAt(moved.clientX), false);
    grip.onpointerup = ended => {
      grip.onpointermove = null;
      grip.onpointerup = null;
      props.onResize(sizeAt(ended.clientX), true);
    };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (by === 0) return;
    if (event.altKey) props.onMove(by);
    else if (event.shiftKey) props.onResize(Math.max(WIDTH_LEAST, width + by * SIZE_STEP), true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <HeaderCell
      class={`${styles.title} ${isNumeric(column) ? styles.numeric : ""}`}
      aria-sort={at < 0 ? (orders ? "none" : undefined) : isDescending ? "descending" : "ascending"}
      draggable
      onDragStart={props.onDrag}
      onDragOver={event => event.preventDefault()}
      onDrop={props.onDrop}
      onKeyDown={onKeyDown}
    >
      {orders ? (
        <button
          type="button"
          title={`${title}: sort on the server. Alt ← → moves, Shift ← → sizes the column`}
          onClick={() => props.onSort(at === 0 ? orders[1] : orders[0])}
        >
          {title}
          <span aria-hidden="true" class={styles.arrow}>
            {at < 0 ? "" : isDescending ? "↓" : "↑"}
          </span>
        </button>
      ) : (
        <span class={isIcon(column) ? "visually-hidden" : styles.plain}>{title}</span>
      )}
      <span class={styles.grip} onPointerDown={resize} aria-hidden="true" />
    </HeaderCell>
  );
}
