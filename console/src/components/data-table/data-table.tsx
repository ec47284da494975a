/**
 * A small table: sortable by its heads, rows that open something (spec console.md 8: `j k` or arrows move, Enter
 * opens). Long lists are windowed instead (components/virtual-list).
 */
import type { ComponentChildren, HTMLAttributes } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { useKeys } from "../../shell/keys";
import styles from "./data-table.module.css";
import { parseSort, type SortValue, sortRows } from "./sort";

export interface Column<R> {
  id: string;
  title: string;
  /** What the head says on hover. */
  help?: string;
  /** Numbers stand on the right. */
  align?: "right";
  /** Given, the column can be sorted. */
  sortBy?: (row: R) => SortValue;
  /** Its text never wraps. */
  isFixed?: boolean;
  /** Left out on narrow screens. */
  isWide?: boolean;
  /** As narrow as its content; its title is not shown. */
  isNarrow?: boolean;
  /** The row's link is in this column; without it in the first. */
  isLink?: boolean;
  cell: (row: R) => ComponentChildren;
}

export interface DataTableProps<R> {
  /** Accessible name. */
  label: string;
  rows: readonly R[];
  columns: readonly Column<R>[];
  keyOf: (row: R) => string;
  /** `count`, or `-count` for the greatest first; absent or unknown: as the rows come. */
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  /** Where a row leads; its link is in the first column. */
  hrefOf?: (row: R) => string;
  /** Key of the row that is open. */
  selected?: string | undefined;
  /** More of a row: dragging. */
  rowAttributes?: (row: R) => HTMLAttributes<HTMLTableRowElement>;
}

export function DataTable<R>(props: DataTableProps<R>) {
  const { rows, columns, keyOf, hrefOf, selected } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const sorted = useMemo(() => sortRows(rows, columns, props.sort), [rows, columns, props.sort]);
  const linked = Math.max(
    0,
    columns.findIndex(column => column.isLink),
  );
  const step = (by: 1 | -1) => () => focusLink(body.current, by);
  useKeys(
    props.label,
    hrefOf
      ? [
          { keys: "j / ArrowDown", does: "next row", run: step(1) },
          { keys: "k / ArrowUp", does: "previous row", run: step(-1) },
        ]
      : [],
  );
  return (
    <div class={styles.scroll}>
      <table class={styles.table} aria-label={props.label}>
        <thead>
          <tr>
            {columns.map(column => (
              <Head key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {sorted.map(row => {
            const key = keyOf(row);
            const isSelected = key === selected;
            const href = hrefOf?.(row);
            const more = props.rowAttributes?.(row);
            return (
              <tr
                {...more}
                key={key}
                class={[more?.class, href && styles.open, isSelected && styles.selected]
                  .filter(Boolean)
                  .join(" ")}
                onClick={event => href && openRow(event, href)}
              >
                {columns.map((column, index) => (
                  <td key={column.id} class={classOf(column)}>
                    {href && index === linked ? (
                      <a class={styles.mark} href={href} data-row aria-current={isSelected || undefined}>
                        {column.cell(row)}
                      </a>
                    ) : (
                      column.cell(row)
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const classOf = <R,>({ align, isFixed, isWide, isNarrow }: Column<R>): string =>
  [
    isNarrow && styles.narrow,
    align && styles.right,
    (isFixed || align) && styles.fixed,
    isWide && styles.wide,
  ]
    .filter(Boolean)
    .join(" ");

function Head<R>(props: {
  column: Column<R>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
}) {
  const { column, onSort } = props;
  const { id, isDescending } = parseSort(props.sort);
  const isSorted = id === column.id;
  if (!column.sortBy || !onSort) {
    return (
      <th scope="col" class={classOf(column)} title={column.help}>
        {column.isNarrow ? <span class="visually-hidden">{column.title}</span> : column.title}
      </th>
    );
  }
  const direction = isDescending ? "descending" : "ascending";
  // Numbers are most often wanted the greatest first.
  const first = column.align === "right" ? `-${column.id}` : column.id;
  const next = isSorted ? (isDescending ? column.id : `-${column.id}`) : first;
  return (
    <th scope="col" class={classOf(column)} title={column.help} aria-sort={isSorted ? direction : undefined}>
      <button type="button" class={styles.sort} onClick={() => onSort(next)}>
        {column.title}
        <span class={styles.arrow} aria-hidden="true">
          {isSorted ? (isDescending ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}

/** A click anywhere in a row follows its link, but not one on something that acts itself, nor after marking text. */
function openRow(event: MouseEvent, href: string): void {
  const { target } = event;
  if (event.defaultPrevented || (target instanceof Element && target.closest("a, button, input, select")))
    return;
  if (String(getSelection() ?? "") !== "") return;
  location.hash = href.replace(/^#/, "");
}

function focusLink(body: HTMLElement | null, by: 1 | -1): boolean {
  const links = [...(body?.querySelectorAll<HTMLElement>("a[data-row]") ?? [])];
  const at = links.findIndex(link => link.closest("tr")?.contains(document.activeElement));
  const open = links.findIndex(link => link.getAttribute("aria-current"));
  const next = at >= 0 ? at + by : open >= 0 ? open + by : by > 0 ? 0 : links.length - 1;
  const link = links[next];
  link?.focus();
  return link !== undefined;
}
