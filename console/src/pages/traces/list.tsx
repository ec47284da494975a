/** The rows: windowed, any number of them, columns to choose, order and size (spec console.md 6.2). */
import { useMemo, useState } from "preact/hooks";
import { documentsUrl } from "../../api/trace-documents";
import { Icon } from "../../components/icon/icon";
import { Skeleton } from "../../components/panel/panel";
import { Cell, VirtualList } from "../../components/virtual-list/virtual-list";
import type { Column, Sort, TraceRow } from "../../model/search/row";
import type { SearchState } from "../../model/search/state";
import { useKeys } from "../../shell/keys";
import { address, go, hrefOf } from "../../shell/navigation";
import { remember, remembered } from "../../shell/preferences";
import { now } from "../../shell/time";
import { type CellContext, cellOf, isNumeric, widthOf } from "./columns";
import { Empty } from "./empty";
import { Header } from "./header";
import styles from "./list.module.css";
import { runner } from "./runner";
import { activeId, selected, toggleRow } from "./selection";

const WIDTHS = "traces.widths";
type Widths = Record<string, number>;
const isWidths = (value: unknown): value is Widths =>
  typeof value === "object" && value !== null && Object.values(value).every(width => Number.isFinite(width));

const TICK_WIDTH = 30;
const ACTIONS_WIDTH = 60;

export interface ListProps {
  state: SearchState;
  columns: readonly Column[];
  sort: Sort;
  onSort: (sort: Sort) => void;
  onColumns: (columns: readonly Column[]) => void;
  filter: string;
  onFilter: (filter: string) => void;
}

const traceHref = (id: string): string => hrefOf({ route: { page: "trace", id, view: "timeline" } });
const openTrace = (id: string): void => go({ route: { page: "trace", id, view: "timeline" } });

export function List(props: ListProps) {
  const { state, columns } = props;
  const { rows } = state;
  const [draft, setDraft] = useState<Widths>({});
  const widths: Widths = { ...remembered(WIDTHS, isWidths), ...draft };
  const active = useActive(rows);
  const { ids } = selected.value;
  const responseTimes = state.aggregates?.responseTimes;
  const context: CellContext = {
    now: now.value,
    zone: address.value.params.tz,
    slowest: (props.sort === "slowest" ? responseTimes?.max : responseTimes?.p99) ?? 0,
    hrefOf: traceHref,
  };
  const layout = useMemo(() => layoutOf(columns, widths), [columns, JSON.stringify(widths)]);
  if (rows.length === 0) {
    if (state.phase === "running" || state.phase === "idle") return <Skeleton lines={14} />;
    return <Empty state={state} filter={props.filter} onFilter={props.onFilter} />;
  }
  const header = (
    <Header
      {...props}
      template={layout.template}
      onResize={(column, width, isDone) => {
        setDraft(isDone ? {} : { ...draft, [column]: width });
        if (isDone) remember(WIDTHS, { ...remembered(WIDTHS, isWidths), [column]: width });
      }}
      widths={widths}
    />
  );
  return (
    <div class={styles.list} data-stale={state.isStale}>
      <VirtualList
        items={rows}
        label="Traces"
        keyOf={row => row.id}
        columns={columns.length + 2}
        minWidth={layout.width}
        header={header}
        active={active.index}
        onActive={active.set}
        onOpen={row => openTrace(row.id)}
        opensOnClick
        onNearEnd={() => runner.more()}
        rowAttributes={row => ({
          "aria-selected": ids.has(row.id),
          class: styles.row ?? "",
          style: { gridTemplateColumns: layout.template },
        })}
        row={row => (
          <Cells row={row} columns={columns} context={context} isTicked={ids.has(row.id)} rows={rows} />
        )}
        footer={state.isLoadingMore && <p class={styles.footer}>Loading more …</p>}
      />
    </div>
  );
}

function Cells(props: {
  row: TraceRow;
  columns: readonly Column[];
  context: CellContext;
  isTicked: boolean;
  rows: readonly TraceRow[];
}) {
  const { row, context } = props;
  return (
    <>
      <Cell class={styles.tick}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Select trace ${row.id}`}
          checked={props.isTicked}
          onClick={event => toggleRow(row.id, props.rows, event.shiftKey)}
        />
      </Cell>
      {props.columns.map(column => (
        <Cell key={column} class={`${styles.cell} ${isNumeric(column) ? styles.numeric : ""}`}>
          {cellOf(row, column, context)}
        </Cell>
      ))}
      <Cell class={styles.actions}>
        <button
          type="button"
          class={styles.action}
          tabIndex={-1}
          title="Copy link"
          aria-label={`Copy link to trace ${row.id}`}
          onClick={() => {
            // Without permission nothing is copied; the link itself is in the row.
            navigator.clipboard
              ?.writeText(new URL(traceHref(row.id), location.href).href)
              .catch(() => undefined);
          }}
        >
          <Icon name="link" size={14} />
        </button>
        <a
          class={styles.action}
          tabIndex={-1}
          href={documentsUrl(row.id)}
          download={`${row.id}.json`}
          title="Download documents"
          aria-label={`Download documents of trace ${row.id}`}
        >
          <Icon name="download" size={14} />
        </a>
      </Cell>
    </>
  );
}

/** The row with the cursor, by its id: rows may move while they stream in. */
function useActive(rows: readonly TraceRow[]): { index: number | undefined; set: (index: number) => void } {
  const id = activeId.value;
  const index = useMemo(() => {
    const at = id === undefined ? -1 : rows.findIndex(row => row.id === id);
    return at < 0 ? undefined : at;
  }, [rows, id]);
  const set = (next: number) => {
    activeId.value = rows[next]?.id;
  };
  const step = (by: number) => {
    if (rows.length === 0) return false;
    set(index === undefined ? 0 : Math.min(rows.length - 1, Math.max(0, index + by)));
    return undefined;
  };
  const withRow = (run: (row: TraceRow) => void) => (event: KeyboardEvent) => {
    const row = index === undefined ? undefined : rows[index];
    const isElsewhere = (event.target as Element).closest?.(
      "button, a, input, select, summary, [role=slider]",
    );
    if (!row || isElsewhere) return false;
    run(row);
    return undefined;
  };
  useKeys("List of traces", [
    { keys: "j / ArrowDown", does: "Next trace", run: () => step(1) },
    { keys: "k / ArrowUp", does: "Previous trace", run: () => step(-1) },
    { keys: "Enter", does: "Open the trace", run: withRow(row => openTrace(row.id)) },
    { keys: "x", does: "Select for export", run: withRow(row => toggleRow(row.id, rows, false)) },
  ]);
  return { index, set };
}

/** Columns of fixed width, and the URL with what is left unless it was sized. */
function layoutOf(columns: readonly Column[], widths: Widths): { template: string; width: number } {
  const sizes = columns.map(column => widths[column] ?? widthOf(column));
  const flexible = columns.indexOf("url") >= 0 ? columns.indexOf("url") : columns.length - 1;
  const parts = sizes.map((size, at) =>
    at === flexible && widths[columns[at] ?? ""] === undefined ? `minmax(${size}px, 1fr)` : `${size}px`,
  );
  const width = sizes.reduce((sum, size) => sum + size, TICK_WIDTH + ACTIONS_WIDTH);
  return { template: [`${TICK_WIDTH}px`, ...parts, `minmax(${ACTIONS_WIDTH}px, auto)`].join(" "), width };
}
