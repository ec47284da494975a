/** Which rows of a trace are shown: what is folded, filtered, looked for; and where the keys lead. */
import {
  FLAG_ANY_ERROR,
  FLAG_IN_PROGRESS,
  isSynthetic,
  KIND_MISSING,
  KIND_REPEATS,
  type TraceTable,
} from "./table";

/** One byte per row: 1 hides all below it. */
export type Folds = Uint8Array;

/** More rows than this are folded at first to what matters: errors, the critical path, the top levels. */
export const UNFOLDED_MAX = 100_000;
const TOP_LEVELS = 3;

export function firstFolds(table: TraceTable): Folds {
  const folds = new Uint8Array(table.count);
  for (let row = 0; row < table.count; row += 1) {
    if (table.kind[row] === KIND_REPEATS) folds[row] = 1;
  }
  if (table.count <= UNFOLDED_MAX) return folds;
  const matters = withAncestors(table, row => Boolean((table.flags[row] as number) & FLAG_ANY_ERROR));
  for (let row = 0; row < table.count; row += 1) {
    const isDeep = (table.depth[row] as number) >= TOP_LEVELS;
    if (isDeep && table.childCount[row] && !matters[row] && !table.isCritical[row]) folds[row] = 1;
  }
  return folds;
}

/** Folds follow their rows when a trace is read again. */
export function carryFolds(before: TraceTable, folds: Folds, after: TraceTable): Folds {
  const known = new Map<string, number>();
  for (let row = 0; row < before.count; row += 1) known.set(before.ids[row] as string, folds[row] as number);
  return firstFolds(after).map((first, row) => known.get(after.ids[row] as string) ?? first);
}

export interface RowFilter {
  errors: boolean;
  remote: boolean;
  critical: boolean;
  service: string | undefined;
}

export const NO_FILTER: RowFilter = { errors: false, remote: false, critical: false, service: undefined };

export const isFiltering = (filter: RowFilter): boolean =>
  filter.errors || filter.remote || filter.critical || filter.service !== undefined;

export function matchesFilter(table: TraceTable, filter: RowFilter): (row: number) => boolean {
  const service = filter.service === undefined ? -1 : table.strings.indexOf(filter.service);
  return row => {
    if (isSynthetic(table, row)) return false;
    if (filter.errors && !((table.flags[row] as number) & FLAG_ANY_ERROR)) return false;
    if (filter.remote && table.namespace[row] === 0) return false;
    if (filter.critical && !table.isCritical[row]) return false;
    return filter.service === undefined || table.service[row] === service;
  };
}

/** One byte per row: it matches, or something below it does. */
export function withAncestors(table: TraceTable, matches: (row: number) => boolean): Uint8Array {
  const kept = new Uint8Array(table.count);
  for (let row = table.count - 1; row >= 0; row -= 1) {
    if (kept[row] === 0 && matches(row)) kept[row] = 1;
    const above = table.parent[row] as number;
    if (kept[row] && above >= 0) kept[above] = 1;
  }
  return kept;
}

/** The shown rows from top to bottom; `kept` (if any) leaves out the others. */
export function visibleRows(table: TraceTable, folds: Folds, kept?: Uint8Array): Uint32Array {
  const rows = new Uint32Array(table.count);
  let filled = 0;
  for (let row = 0; row < table.count; ) {
    const size = table.size[row] as number;
    if (kept && !kept[row]) {
      row += size;
      continue;
    }
    rows[filled] = row;
    filled += 1;
    row += folds[row] ? size : 1;
  }
  return rows.subarray(0, filled);
}

/** Where `row` is among the shown ones, by halving; -1 if it is hidden. */
export function placeOf(shown: Uint32Array, row: number): number {
  let low = 0;
  let high = shown.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = shown[middle] as number;
    if (found === row) return middle;
    if (found < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Unfolds what hides `row`; the same folds if nothing does. */
export function reveal(table: TraceTable, folds: Folds, row: number): Folds {
  let result = folds;
  for (let at = table.parent[row] ?? -1; at >= 0; at = table.parent[at] as number) {
    if (!result[at]) continue;
    if (result === folds) result = folds.slice();
    result[at] = 0;
  }
  return result;
}

/** Unfolds what hides any matching row. */
export function revealAll(table: TraceTable, folds: Folds, matches: (row: number) => boolean): Folds {
  const kept = withAncestors(table, matches);
  const result = folds.slice();
  for (let row = 0; row < table.count; row += 1) {
    const above = table.parent[row] as number;
    if (kept[row] && above >= 0) result[above] = 0;
  }
  return result;
}

export function setFold(folds: Folds, row: number, isFolded: boolean): Folds {
  const result = folds.slice();
  result[row] = isFolded ? 1 : 0;
  return result;
}

/** The whole subtree; of everything with `row` -1. */
export function setSubtree(table: TraceTable, folds: Folds, row: number, isFolded: boolean): Folds {
  const result = folds.slice();
  const from = Math.max(0, row);
  const to = row < 0 ? table.count : row + (table.size[row] as number);
  for (let at = from; at < to; at += 1) result[at] = isFolded && table.childCount[at] ? 1 : 0;
  return result;
}

/** The next (1) or previous (-1) row that matches, shown or not, round the end; -1 if none does. */
export function findRow(
  table: TraceTable,
  from: number,
  direction: 1 | -1,
  matches: (row: number) => boolean,
): number {
  for (let step = 1; step <= table.count; step += 1) {
    const row = (((from + direction * step) % table.count) + table.count) % table.count;
    if (matches(row)) return row;
  }
  return -1;
}

export const hasError = (table: TraceTable, row: number): boolean =>
  !isSynthetic(table, row) && Boolean((table.flags[row] as number) & FLAG_ANY_ERROR);

export const isInProgress = (table: TraceTable, row: number): boolean =>
  Boolean((table.flags[row] as number) & FLAG_IN_PROGRESS);

/** Counts, whole duration and median of the rows that a group stands for; microseconds. */
export function groupOf(
  table: TraceTable,
  row: number,
): { count: number; errors: number; total: number; median: number } {
  const durations: number[] = [];
  let errors = 0;
  const end = row + (table.size[row] as number);
  for (let at = row + 1; at < end; at += table.size[at] as number) {
    durations.push((table.end[at] as number) - (table.start[at] as number));
    if ((table.flags[at] as number) & FLAG_ANY_ERROR) errors += 1;
  }
  durations.sort((a, b) => a - b);
  return {
    count: durations.length,
    errors,
    total: table.own[row] as number,
    median: durations[Math.floor((durations.length - 1) / 2)] ?? 0,
  };
}

/** Real children, those of groups included, as from–to pairs cut to the row and in order of time. */
function childSpans(table: TraceTable, row: number): [number, number][] {
  const spans: [number, number][] = [];
  const [begins, ends] = [table.start[row] as number, table.end[row] as number];
  const until = row + (table.size[row] as number);
  let at = row + 1;
  while (at < until) {
    if (table.kind[at] === KIND_REPEATS) {
      at += 1;
      continue;
    }
    const from = Math.max(begins, table.start[at] as number);
    const to = Math.min(ends, table.end[at] as number);
    if (to > from) spans.push([from, to]);
    at += table.size[at] as number;
  }
  return spans.sort((a, b) => a[0] - b[0]);
}

export interface OwnParts {
  /** Own time: from, to, from, to, … in microseconds. */
  parts: Float64Array;
  /** For each part: it lies between two children and is long, so something there may not be instrumented. */
  isGap: Uint8Array;
}

/** A gap is at least this share of its row. */
const GAP_SHARE = 0.2;

/** The times of a row that none of its children covers. */
export function ownParts(table: TraceTable, row: number): OwnParts {
  const kind = table.kind[row] as number;
  if (kind === KIND_MISSING || kind === KIND_REPEATS) return NO_PARTS;
  const [begins, ends] = [table.start[row] as number, table.end[row] as number];
  const parts: number[] = [];
  const gaps: number[] = [];
  let cursor = begins;
  const add = (to: number, isBetween: boolean) => {
    if (to <= cursor) return;
    parts.push(cursor, to);
    gaps.push(isBetween && cursor > begins && to - cursor >= GAP_SHARE * (ends - begins) ? 1 : 0);
  };
  for (const [from, to] of childSpans(table, row)) {
    add(from, true);
    cursor = Math.max(cursor, to);
  }
  add(ends, false);
  return { parts: Float64Array.from(parts), isGap: Uint8Array.from(gaps) };
}

const NO_PARTS: OwnParts = { parts: new Float64Array(0), isGap: new Uint8Array(0) };
