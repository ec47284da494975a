/** The rows in sight: the tree in the document, the bars on one canvas above them. */
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { type Class, StatusMark } from "../../../components/status-mark/status-mark";
import { hueColour } from "../../../model/trace/hue";
import { setFold } from "../../../model/trace/rows";
import {
  KIND_MISSING,
  KIND_REPEATS,
  KIND_SEGMENT,
  type TraceTable,
  textOf,
} from "../../../model/trace/table";
import { barText, classWord, detailOf, nameOf } from "./row-text";
import type { Timeline } from "./state";
import styles from "./timeline.module.css";

/** Deeper levels are not indented further: the name needs the room. */
const INDENT_LEVELS_MAX = 24;
const INDENT = 14;

export const rowId = (row: number): string => `trace-row-${row}`;

export function Rows(props: { timeline: Timeline; first: number; last: number; rowHeight: number }) {
  const { timeline, first, last } = props;
  const table = timeline.table.value;
  const shown = timeline.shown.value;
  const active = timeline.active.value;
  const matches = timeline.matches.value;
  const { dimsOthers } = timeline.variant.value;
  const folds = timeline.folds.value;
  // A row that stays as it is keeps its node, so that scrolling compares nothing but what comes into sight.
  const drawn = useRef<{ table: TraceTable; rows: Map<number, { look: number; node: VNode }> }>(undefined);
  const before = drawn.current?.table === table ? drawn.current.rows : undefined;
  const rows = new Map<number, { look: number; node: VNode }>();
  for (let place = first; place < Math.min(last, shown.length); place += 1) {
    const row = shown[place] as number;
    const isActive = row === active;
    const isMatch = matches?.[row] === 1;
    const isFolded = folds[row] === 1;
    const isDimmed = dimsOthers && !table.isCritical[row];
    const look = Number(isActive) + 2 * Number(isMatch) + 4 * Number(isFolded) + 8 * Number(isDimmed);
    const known = before?.get(row);
    if (known?.look === look) {
      rows.set(row, known);
      continue;
    }
    const state = { isActive, isMatch, isFolded, isDimmed, siblings: siblingsOf(table, row) };
    rows.set(row, { look, node: <Row key={row} table={table} row={row} {...state} /> });
  }
  drawn.current = { table, rows };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the grid around it has the focus and the keys
    <div
      role="presentation"
      class={styles.window}
      style={{ transform: `translateY(${first * props.rowHeight}px)` }}
      onClick={event => toggleOnArrow(timeline, event)}
    >
      {[...rows.values()].map(({ node }) => node)}
    </div>
  );
}

function toggleOnArrow(timeline: Timeline, event: Event): void {
  const target = event.target as Element;
  if (!target.closest("[data-fold]")) return;
  const row = rowAt(event);
  if (row === undefined) return;
  event.stopPropagation();
  timeline.folds.value = setFold(timeline.folds.value, row, !timeline.folds.value[row]);
}

/** The row that an event is on. */
export function rowAt(event: Event): number | undefined {
  const element = (event.target as Element).closest<HTMLElement>("[data-row]");
  return element ? Number(element.dataset.row) : undefined;
}

function siblingsOf(table: TraceTable, row: number): number {
  const above = table.parent[row] as number;
  return above >= 0 ? (table.childCount[above] as number) : -1;
}

interface RowProps {
  table: TraceTable;
  row: number;
  isActive: boolean;
  isMatch: boolean;
  isFolded: boolean;
  isDimmed: boolean;
  siblings: number;
}

function Row({ table, row, isActive, isMatch, isFolded, isDimmed, siblings }: RowProps) {
  const kind = table.kind[row] as number;
  const level = table.depth[row] as number;
  const children = table.childCount[row] as number;
  const status = table.status[row] as number;
  const failed = classWord(table.flags[row] as number);
  const detail = detailOf(table, row);
  const indent = Math.min(level - 1, INDENT_LEVELS_MAX) * INDENT;
  const look = kind === KIND_SEGMENT ? styles.segment : kind === KIND_MISSING ? styles.missing : "";
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and says which row is active
    // biome-ignore lint/a11y/useSemanticElements: rows of a tree that is not all in the document
    <div
      role="row"
      id={rowId(row)}
      data-row={row}
      class={`${styles.row} ${isMatch ? styles.match : ""} ${isDimmed ? styles.dimmed : ""}`}
      aria-level={level}
      aria-posinset={table.position[row]}
      aria-setsize={siblings}
      aria-selected={isActive}
      aria-expanded={children > 0 ? !isFolded : undefined}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as the row */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: as the row */}
      <div role="gridcell" class={`${styles.tree} ${look}`}>
        <span class={styles.guides} style={{ width: `${indent}px` }} />
        <span class={styles.fold} data-fold={children > 0 ? "" : undefined} aria-hidden="true">
          {children > 0 && <Twisty isFolded={isFolded} count={children} />}
        </span>
        <ServiceMark table={table} row={row} />
        <span class={styles.name} title={nameOf(table, row)}>
          {nameOf(table, row)}
        </span>
        {detail && (
          <span class={styles.detail} title={detail}>
            {detail}
          </span>
        )}
        <span class={styles.ends}>
          {kind !== KIND_REPEATS && table.namespace[row] !== 0 && (
            <span class={styles.namespace}>{textOf(table, table.namespace, row)}</span>
          )}
          {failed && <StatusMark of={failed as Class} />}
          {status > 0 && <span class={failed ? styles[failed] : styles.status}>{status}</span>}
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as the row */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: as the row */}
      <div role="gridcell" class={styles.bar} aria-label={barText(table, row)} title={barText(table, row)} />
    </div>
  );
}

function Twisty({ isFolded, count }: { isFolded: boolean; count: number }) {
  return isFolded ? (
    <span class={styles.count}>{count > 999 ? "1k+" : count}</span>
  ) : (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      <path d="m2 3.5 3 3 3-3" fill="none" stroke="currentColor" stroke-width="1.5" />
    </svg>
  );
}

/** The edge in the hue of the service. */
function ServiceMark({ table, row }: { table: TraceTable; row: number }) {
  const service = textOf(table, table.service, row) || textOf(table, table.name, row);
  const isNone = table.kind[row] === KIND_MISSING;
  return <span class={styles.hue} style={isNone ? {} : { background: hueColour(service) }} />;
}
