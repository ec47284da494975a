/**
 * A trace as columns: one row per segment or subsegment, in the order of the tree (a row, then all below it), so
 * that a whole subtree is a run of rows. Texts are indexes into `strings` (0 = none); times are microseconds from
 * the trace's start. Typed arrays travel between worker and page without being copied.
 */

export const KIND_SEGMENT = 0;
export const KIND_SUBSEGMENT = 1;
/** A call that no segment answered for: made up by the server. Folded into the subsegment that called. */
export const KIND_INFERRED = 2;
/** Not of the trace: stands for five or more siblings of one name, which are its children. */
export const KIND_REPEATS = 3;
/** Not of the trace: stands for a parent that has not arrived; its children wait for it. */
export const KIND_MISSING = 4;

export const FLAG_ERROR = 1;
export const FLAG_FAULT = 2;
export const FLAG_THROTTLE = 4;
export const FLAG_IN_PROGRESS = 8;
export const FLAG_EXCEPTIONS = 16;
export const FLAG_SQL = 32;
export const FLAG_ANNOTATIONS = 64;
export const FLAG_METADATA = 128;
export const FLAG_LINKS = 256;
/** Its cause is an exception told elsewhere in the trace. */
export const FLAG_EXCEPTION_REFERENCE = 512;
export const FLAG_ANY_ERROR = FLAG_ERROR | FLAG_FAULT | FLAG_THROTTLE;

/** An exception that was thrown, not one that came of another. */
export interface Thrown {
  row: number;
  /** Empty where there is none, as the message, which may be cut. */
  type: string;
  message: string;
}

/** Of one trace, as the server cuts them. */
export const THROWN_MAX = 20;

/** The rows as they arrive, in any order; `arrange` makes a table of them. */
export interface Draft {
  id: string;
  /** Microseconds since the epoch of what `start` counts from. */
  startMicros: number;
  revision: number;
  limitExceeded: boolean;
  strings: string[];
  ids: string[];
  /** Row of the parent; -1 without one. */
  parent: Int32Array;
  /** Id of a parent that is not among the rows. */
  missingParent: Uint32Array;
  kind: Uint8Array;
  name: Uint32Array;
  service: Uint32Array;
  origin: Uint32Array;
  namespace: Uint32Array;
  /** Microseconds from `startMicros`. */
  start: Float64Array;
  /** Microseconds, never negative; -1 while in progress. */
  duration: Float64Array;
  flags: Uint16Array;
  /** HTTP method, or operation of an AWS call. */
  method: Uint32Array;
  url: Uint32Array;
  /** HTTP status; 0 without one. */
  status: Uint16Array;
  /** Where the request failed, deepest first. */
  exceptions: Thrown[];
}

export interface TraceTable {
  id: string;
  /** Of the earliest row, microseconds since the epoch. */
  startMicros: number;
  /** From the earliest start to the latest known end, microseconds; at least 1. */
  durationMicros: number;
  revision: number;
  limitExceeded: boolean;
  count: number;
  strings: string[];
  ids: string[];
  parent: Int32Array;
  missingParent: Uint32Array;
  kind: Uint8Array;
  name: Uint32Array;
  service: Uint32Array;
  origin: Uint32Array;
  namespace: Uint32Array;
  method: Uint32Array;
  url: Uint32Array;
  status: Uint16Array;
  flags: Uint16Array;
  start: Float64Array;
  /** -1 while in progress. */
  duration: Float64Array;
  /** Where the bar ends: for what is in progress, the end of the trace. */
  end: Float64Array;
  /** Microseconds not covered by children; of repeats and missing parents, the children's durations together. */
  own: Float64Array;
  /** What `align` adds to the start, so that a callee lies within its call; 0 for most. */
  shift: Float64Array;
  /** Lies outside its parent by more than `SKEW_MICROS`. */
  isSkewed: Uint8Array;
  /** From 1. */
  depth: Uint16Array;
  /** Rows of the subtree with its top. */
  size: Uint32Array;
  childCount: Uint32Array;
  /** Among its siblings, from 1. */
  position: Uint32Array;
  /** Parts of the critical path: row, from, to; sorted by row. */
  criticalRow: Uint32Array;
  criticalFrom: Float64Array;
  criticalTo: Float64Array;
  isCritical: Uint8Array;
  /** The row that the header describes; -1 if only orphans have arrived. */
  root: number;
  /** Rows by what they are: for the header, the banners and what the page offers. */
  counts: {
    segments: number;
    subsegments: number;
    services: number;
    orphans: number;
    missingParents: number;
    skewed: number;
    inProgress: number;
    errors: number;
    remote: number;
  };
  /** Where the request failed, deepest first; at most `THROWN_MAX`. */
  exceptions: Thrown[];
  /** Id of an inferred segment to the id of the subsegment it was folded into. */
  aliases: Map<string, string>;
}

/** How far outside its parent a row may lie before it is said (spec console.md 5). */
export const SKEW_MICROS = 5_000;

export const isSynthetic = (table: TraceTable, row: number): boolean =>
  (table.kind[row] ?? 0) >= KIND_REPEATS;

export const textOf = (table: TraceTable, column: Uint32Array, row: number): string =>
  table.strings[column[row] ?? 0] ?? "";

/** The row of a (sub)segment's id, also of an inferred segment's; -1 if there is none. */
export function rowOf(table: TraceTable, id: string | undefined): number {
  if (id === undefined) return -1;
  return table.ids.indexOf(table.aliases.get(id) ?? id);
}

/** The arrays that move between worker and page. */
export function transferables(table: TraceTable): ArrayBuffer[] {
  return Object.values(table)
    .filter((value): value is Uint8Array<ArrayBuffer> => ArrayBuffer.isView(value))
    .map(value => value.buffer);
}
