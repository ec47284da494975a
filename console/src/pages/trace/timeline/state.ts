/** What the timeline shows now: one place for its signals, no drawing. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import {
  carryFolds,
  type Folds,
  findRow,
  firstFolds,
  hasError,
  isFiltering,
  matchesFilter,
  placeOf,
  reveal,
  revealAll,
  visibleRows,
  withAncestors,
} from "../../../model/trace/rows";
import { clampView, fitView, isWhole, pan, type View, zoom } from "../../../model/trace/scale";
import { type FullText, searchRows } from "../../../model/trace/search";
import type { TraceTable } from "../../../model/trace/table";
import { PLAIN, type Variant } from "../variant";

export class Timeline {
  readonly table: Signal<TraceTable>;
  readonly folds: Signal<Folds>;
  readonly variant = signal<Variant>(PLAIN);
  readonly query = signal("");
  readonly fullText = signal<FullText | undefined>(undefined);
  /** The row that the keys move; -1 before there is one. */
  readonly active = signal(-1);
  readonly view: Signal<View>;
  /** Where the pointer is, microseconds from the start. */
  readonly cursor = signal<number | undefined>(undefined);
  readonly shown: ReadonlySignal<Uint32Array>;
  readonly matches: ReadonlySignal<Uint8Array | undefined>;

  constructor(table: TraceTable) {
    this.table = signal(table);
    this.folds = signal(firstFolds(table));
    this.view = signal({ from: 0, to: table.durationMicros });
    const kept = computed(() => {
      const { filter } = this.variant.value;
      if (!isFiltering(filter)) return undefined;
      return withAncestors(this.table.value, matchesFilter(this.table.value, filter));
    });
    this.shown = computed(() => visibleRows(this.table.value, this.folds.value, kept.value));
    this.matches = computed(() =>
      this.query.value.trim() === ""
        ? undefined
        : searchRows(this.table.value, this.query.value, this.fullText.value),
    );
  }

  /** The same trace, read again: what is folded, chosen and looked at stays. */
  replace(table: TraceTable): void {
    const before = this.table.value;
    if (table === before) return;
    const active = before.ids[this.active.value];
    const wasWhole = isWhole(this.view.value, before.durationMicros);
    this.folds.value = carryFolds(before, this.folds.value, table);
    this.table.value = table;
    this.active.value = active === undefined ? -1 : table.ids.indexOf(active);
    this.view.value = wasWhole
      ? { from: 0, to: table.durationMicros }
      : clampView(this.view.value, table.durationMicros);
  }

  /** A new way of looking; what the errors' filter finds is unfolded. */
  look(variant: Variant): void {
    const { filter } = variant;
    const before = this.variant.value.filter;
    this.variant.value = variant;
    if (isFiltering(filter) && JSON.stringify(filter) !== JSON.stringify(before)) {
      const matches = matchesFilter(this.table.value, filter);
      if (filter.errors) this.folds.value = revealAll(this.table.value, this.folds.value, matches);
    }
  }

  /** Makes `row` the active one, unfolding what hides it. */
  activate(row: number): void {
    if (row < 0) return;
    this.folds.value = reveal(this.table.value, this.folds.value, row);
    this.active.value = row;
  }

  /** The shown row `steps` further down; stops at both ends. */
  step(steps: number): number {
    const shown = this.shown.value;
    if (shown.length === 0) return -1;
    const place = placeOf(shown, this.active.value);
    const next = place < 0 ? (steps > 0 ? 0 : shown.length - 1) : place + steps;
    return shown[Math.max(0, Math.min(shown.length - 1, next))] as number;
  }

  /** The next match of the search, or without one the next error; -1 if there is none. */
  next(direction: 1 | -1): number {
    const matches = this.matches.value;
    const table = this.table.value;
    const isWanted = matches ? (row: number) => matches[row] === 1 : (row: number) => hasError(table, row);
    return findRow(table, this.active.value, direction, isWanted);
  }

  get duration(): number {
    return this.table.value.durationMicros;
  }

  /** Begin of a row as it is drawn: moved if clocks are aligned. */
  startOf(row: number): number {
    const table = this.table.value;
    const shift = this.variant.value.isAligned ? (table.shift[row] as number) : 0;
    return (table.start[row] as number) + shift;
  }

  endOf(row: number): number {
    const table = this.table.value;
    const shift = this.variant.value.isAligned ? (table.shift[row] as number) : 0;
    return (table.end[row] as number) + shift;
  }

  zoomBy(factor: number, around = this.cursor.peek() ?? this.middle()): void {
    this.view.value = zoom(this.view.value, factor, around, this.duration);
  }

  panBy(share: number): void {
    this.view.value = pan(this.view.value, share, this.duration);
  }

  showAll(): void {
    this.view.value = { from: 0, to: this.duration };
  }

  show(from: number, to: number): void {
    this.view.value = clampView({ from, to }, this.duration);
  }

  fit(row: number): void {
    if (row >= 0) this.view.value = fitView(this.startOf(row), this.endOf(row), this.duration);
  }

  private middle(): number {
    return (this.view.value.from + this.view.value.to) / 2;
  }
}
