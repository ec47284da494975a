/**
 * Makes the table of a trace out of rows in any order: cuts cycles, sorts siblings by their start, folds inferred
 * segments into their calls, puts repeats and orphans under rows of their own, and works out what the rows show.
 * Takes O(n log n) and no recursion: 50,000 rows or a chain as deep are no matter.
 */
import { criticalPath } from "./critical-path";
import {
  type Draft,
  FLAG_ANY_ERROR,
  FLAG_IN_PROGRESS,
  KIND_INFERRED,
  KIND_MISSING,
  KIND_REPEATS,
  KIND_SEGMENT,
  KIND_SUBSEGMENT,
  SKEW_MICROS,
  type TraceTable,
} from "./table";

/** So many siblings of one name become one row (spec console.md 6.3.1). */
export const REPEATS_MIN = 5;

/** Children of each row, earliest first: those of row r are `list[at[r]] … list[at[r + 1] - 1]`; of none under `n`. */
export interface Children {
  at: Uint32Array;
  list: Uint32Array;
}

export function arrange(draft: Draft): TraceTable {
  cutCycles(draft);
  const extent = extentOf(draft);
  const end = endsOf(draft, extent.to);
  const order = orderByStart(draft);
  const aliases = foldInferred(draft);
  const isDropped = draft.kind.map(kind => (kind === KIND_INFERRED + DROPPED ? 1 : 0));
  const children = childrenOf(draft.parent, order, isDropped);
  const own = ownTimes(draft, end, children);
  const root = rootOf(draft, children, isDropped);
  const skew = skewOf(draft, end, children);
  const critical = criticalPath(draft.start, end, children, root);
  const groups = groupRows(draft, children);
  const rows = preorder(draft, children, groups);
  return fill({ draft, extent, end, own, root, skew, critical, groups, rows, aliases });
}

/** Added to the kind of an inferred segment that its call stands for. */
const DROPPED = 100;

/** A cycle of parents is cut at its earliest member, whose parent then counts as unknown (spec segments.md 5). */
export function cutCycles(draft: Draft): void {
  const { parent, start, ids, strings } = draft;
  const seen = new Int32Array(parent.length);
  for (let row = 0; row < parent.length; row += 1) {
    let at = row;
    while (at >= 0 && seen[at] === 0) {
      seen[at] = row + 1;
      at = parent[at] as number;
    }
    if (at < 0 || seen[at] !== row + 1) continue;
    let first = at;
    for (let member = parent[at] as number; member !== at; member = parent[member] as number) {
      if (isBefore(member, first, start, ids)) first = member;
    }
    strings.push(ids[parent[first] as number] as string);
    draft.missingParent[first] = strings.length - 1;
    parent[first] = -1;
  }
}

const isBefore = (a: number, b: number, start: Float64Array, ids: string[]): boolean => {
  const difference = (start[a] as number) - (start[b] as number);
  return difference < 0 || (difference === 0 && (ids[a] as string) < (ids[b] as string));
};

function extentOf({ start, duration }: Draft): { from: number; to: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < start.length; row += 1) {
    const begins = start[row] as number;
    if (begins < from) from = begins;
    const ends = begins + Math.max(0, duration[row] as number);
    if (ends > to) to = ends;
  }
  return from <= to ? { from, to } : { from: 0, to: 0 };
}

function endsOf({ start, duration }: Draft, last: number): Float64Array {
  return start.map((begins, row) => {
    const lasts = duration[row] as number;
    return lasts < 0 ? last : begins + lasts;
  });
}

function orderByStart({ start, ids }: Draft): Uint32Array {
  const order = new Uint32Array(start.length);
  let isSorted = true;
  for (let row = 0; row < order.length; row += 1) {
    order[row] = row;
    if (row > 0 && isBefore(row, row - 1, start, ids)) isSorted = false;
  }
  return isSorted ? order : order.sort((a, b) => (isBefore(a, b, start, ids) ? -1 : 1));
}

/** The call shows what its inferred segment would: the same times, and the type of what was called. */
function foldInferred({ kind, parent, origin, ids }: Draft): Map<string, string> {
  const aliases = new Map<string, string>();
  const isParent = new Uint8Array(kind.length);
  for (const row of parent) if (row >= 0) isParent[row] = 1;
  for (let row = 0; row < kind.length; row += 1) {
    const call = parent[row] as number;
    if (kind[row] !== KIND_INFERRED || call < 0 || isParent[row] || kind[call] !== KIND_SUBSEGMENT) continue;
    if (origin[call] === 0) origin[call] = origin[row] as number;
    aliases.set(ids[row] as string, ids[call] as string);
    kind[row] = KIND_INFERRED + DROPPED;
  }
  return aliases;
}

export function childrenOf(parent: Int32Array, order: Uint32Array, isDropped: Uint8Array): Children {
  const count = parent.length;
  const at = new Uint32Array(count + 2);
  const slot = (row: number) => ((parent[row] as number) < 0 ? count : (parent[row] as number));
  for (const row of order) if (!isDropped[row]) (at[slot(row) + 1] as number)++;
  for (let row = 0; row <= count; row += 1) (at[row + 1] as number) += at[row] as number;
  const next = at.slice();
  const list = new Uint32Array(at[count + 1] as number);
  for (const row of order) {
    if (isDropped[row]) continue;
    const place = slot(row);
    list[next[place] as number] = row;
    (next[place] as number)++;
  }
  return { at, list };
}

function ownTimes({ start }: Draft, end: Float64Array, { at, list }: Children): Float64Array {
  return start.map((begins, row) => {
    const ends = end[row] as number;
    let cursor = begins;
    let covered = 0;
    for (let index = at[row] as number; index < (at[row + 1] as number); index += 1) {
      const child = list[index] as number;
      const from = Math.max(cursor, start[child] as number);
      const to = Math.min(ends, end[child] as number);
      if (to <= from) continue;
      covered += to - from;
      cursor = to;
    }
    return Math.max(0, ends - begins - covered);
  });
}

/** The segment without a parent that starts first; else the earliest whose parent has not arrived (segments.md 6). */
function rootOf({ kind, missingParent }: Draft, { at, list }: Children, isDropped: Uint8Array): number {
  const count = kind.length;
  const tops = list.subarray(at[count], at[count + 1]);
  const isRoot = (row: number) => kind[row] === KIND_SEGMENT && !isDropped[row];
  return tops.find(row => isRoot(row) && missingParent[row] === 0) ?? tops.find(isRoot) ?? -1;
}

interface Skew {
  isSkewed: Uint8Array;
  shift: Float64Array;
}

/**
 * A row that lies outside its parent by more than 5 ms is marked. Only a callee's segment is moved, to the middle
 * of the call that it belongs to: within one process there is one clock, and what outlives its parent there is so.
 */
function skewOf({ start, parent, kind }: Draft, end: Float64Array, kids: Children): Skew {
  const isSkewed = new Uint8Array(start.length);
  const shift = new Float64Array(start.length);
  for (const row of topDown(kids, parent.length)) {
    const above = parent[row] as number;
    if (above < 0) continue;
    const early = (start[above] as number) - (start[row] as number);
    const late = (end[row] as number) - (end[above] as number);
    isSkewed[row] = early > SKEW_MICROS || late > SKEW_MICROS ? 1 : 0;
    shift[row] = shift[above] as number;
    if (isSkewed[row] && kind[row] === KIND_SEGMENT && kind[above] !== KIND_SEGMENT) {
      const room = (end[above] as number) - (start[above] as number);
      const lasts = (end[row] as number) - (start[row] as number);
      (shift[row] as number) += early + Math.max(0, room - lasts) / 2;
    }
  }
  return { isSkewed, shift };
}

/** Parents before children. */
function topDown({ at, list }: Children, count: number): Uint32Array {
  const rows = new Uint32Array(list.length);
  let filled = 0;
  const push = (row: number) => {
    for (let index = at[row] as number; index < (at[row + 1] as number); index += 1) {
      rows[filled] = list[index] as number;
      filled += 1;
    }
  };
  push(count);
  for (let next = 0; next < filled; next += 1) push(rows[next] as number);
  return rows.subarray(0, filled);
}

/** A row that is none of the trace's: the children it takes over, and which sibling it stands in place of. */
interface Group {
  kind: number;
  members: number[];
}

/** Groups by the row that comes first in them. */
type Groups = Map<number, Group>;

function groupRows(draft: Draft, { at, list }: Children): { first: Groups; isMember: Uint8Array } {
  const count = draft.kind.length;
  const first: Groups = new Map();
  const isMember = new Uint8Array(count);
  const collect = (rows: Uint32Array, kind: number, keyOf: (row: number) => number, min: number) => {
    const byKey = new Map<number, number[]>();
    for (const row of rows) {
      const key = keyOf(row);
      if (key < 0) continue;
      const members = byKey.get(key);
      if (members) members.push(row);
      else byKey.set(key, [row]);
    }
    for (const members of byKey.values()) {
      if (members.length < min) continue;
      for (const row of members) isMember[row] = 1;
      first.set(members[0] as number, { kind, members });
    }
  };
  const isOrphan = (row: number) => draft.kind[row] === KIND_SUBSEGMENT;
  const tops = list.subarray(at[count], at[count + 1]);
  collect(tops, KIND_MISSING, row => (isOrphan(row) ? (draft.missingParent[row] as number) : -1), 1);
  // Names and methods are few: together they make one number, which costs less than a text as key.
  const texts = draft.strings.length;
  const sameCall = (row: number) => (draft.name[row] as number) * texts + (draft.method[row] as number);
  for (let row = 0; row < count; row += 1) {
    if ((at[row + 1] as number) - (at[row] as number) < REPEATS_MIN) continue;
    collect(list.subarray(at[row], at[row + 1]), KIND_REPEATS, sameCall, REPEATS_MIN);
  }
  return { first, isMember };
}

interface Rows {
  /** Row of the draft; ~first of a group's row. */
  source: Int32Array;
  parent: Int32Array;
  depth: Uint16Array;
  position: Uint32Array;
  childCount: Uint32Array;
}

function preorder(draft: Draft, { at, list }: Children, groups: ReturnType<typeof groupRows>): Rows {
  const count = draft.kind.length;
  const total = list.length + groups.first.size;
  const rows: Rows = {
    source: new Int32Array(total),
    parent: new Int32Array(total),
    depth: new Uint16Array(total),
    position: new Uint32Array(total),
    childCount: new Uint32Array(total),
  };
  const stack: { items: ArrayLike<number>; next: number; parent: number; isGroup: boolean }[] = [
    { items: list.subarray(at[count], at[count + 1]), next: 0, parent: -1, isGroup: false },
  ];
  let filled = 0;
  let tops = 0;
  while (stack.length > 0) {
    const level = stack[stack.length - 1] as (typeof stack)[number];
    if (level.next >= level.items.length) {
      stack.pop();
      continue;
    }
    const row = level.items[level.next] as number;
    level.next += 1;
    const group = level.isGroup ? undefined : groups.first.get(row);
    if (!group && !level.isGroup && groups.isMember[row]) continue;
    rows.source[filled] = group ? ~row : row;
    rows.parent[filled] = level.parent;
    rows.depth[filled] = Math.min(stack.length, 0xffff);
    if (level.parent >= 0) (rows.childCount[level.parent] as number)++;
    else tops += 1;
    rows.position[filled] = level.parent >= 0 ? (rows.childCount[level.parent] as number) : tops;
    const items = group?.members ?? list.subarray(at[row], at[row + 1]);
    if (items.length > 0) stack.push({ items, next: 0, parent: filled, isGroup: group !== undefined });
    filled += 1;
  }
  return rows;
}

interface Parts {
  draft: Draft;
  extent: { from: number; to: number };
  end: Float64Array;
  own: Float64Array;
  root: number;
  skew: Skew;
  critical: ReturnType<typeof criticalPath>;
  groups: ReturnType<typeof groupRows>;
  rows: Rows;
  aliases: Map<string, string>;
}

function fill(parts: Parts): TraceTable {
  const { draft, extent, rows } = parts;
  const table = emptyTable(draft, rows, parts.aliases);
  table.startMicros = draft.startMicros + extent.from;
  table.durationMicros = Math.max(1, extent.to - extent.from);
  const newRow = new Int32Array(draft.kind.length).fill(-1);
  for (let row = 0; row < table.count; row += 1) {
    const source = rows.source[row] as number;
    if (source < 0) {
      fillGroup(table, row, ~source, parts);
      continue;
    }
    newRow[source] = row;
    table.ids[row] = draft.ids[source] as string;
    for (const column of COPIED) table[column][row] = draft[column][source] as number;
    table.start[row] = (draft.start[source] as number) - extent.from;
    table.end[row] = (parts.end[source] as number) - extent.from;
    table.own[row] = parts.own[source] as number;
    table.shift[row] = parts.skew.shift[source] as number;
    table.isSkewed[row] = parts.skew.isSkewed[source] as number;
  }
  for (let row = table.count - 1; row >= 0; row -= 1) {
    const above = table.parent[row] as number;
    if (above >= 0) (table.size[above] as number) += table.size[row] as number;
  }
  table.exceptions = draft.exceptions
    .map(thrown => ({ ...thrown, row: newRow[thrown.row] ?? -1 }))
    .filter(thrown => thrown.row >= 0);
  table.root = parts.root < 0 ? -1 : (newRow[parts.root] as number);
  fillCritical(table, parts.critical, newRow, extent.from);
  countRows(table);
  return table;
}

const COPIED = [
  "missingParent",
  "kind",
  "name",
  "service",
  "origin",
  "namespace",
  "method",
  "url",
  "status",
  "flags",
  "duration",
] as const;

function emptyTable(draft: Draft, rows: Rows, aliases: Map<string, string>): TraceTable {
  const count = rows.source.length;
  const texts = () => new Uint32Array(count);
  return {
    id: draft.id,
    startMicros: 0,
    durationMicros: 1,
    revision: draft.revision,
    limitExceeded: draft.limitExceeded,
    count,
    strings: draft.strings,
    ids: new Array<string>(count).fill(""),
    parent: rows.parent,
    depth: rows.depth,
    position: rows.position,
    childCount: rows.childCount,
    size: new Uint32Array(count).fill(1),
    missingParent: texts(),
    kind: new Uint8Array(count),
    name: texts(),
    service: texts(),
    origin: texts(),
    namespace: texts(),
    method: texts(),
    url: texts(),
    status: new Uint16Array(count),
    flags: new Uint16Array(count),
    start: new Float64Array(count),
    duration: new Float64Array(count),
    end: new Float64Array(count),
    own: new Float64Array(count),
    shift: new Float64Array(count),
    isSkewed: new Uint8Array(count),
    criticalRow: new Uint32Array(0),
    criticalFrom: new Float64Array(0),
    criticalTo: new Float64Array(0),
    isCritical: new Uint8Array(count),
    root: -1,
    exceptions: [],
    counts: {
      segments: 0,
      subsegments: 0,
      services: 0,
      orphans: 0,
      missingParents: 0,
      skewed: 0,
      inProgress: 0,
      errors: 0,
      remote: 0,
    },
    aliases,
  };
}

/** A group spans its members, and has the flags of any of them. */
function fillGroup(table: TraceTable, row: number, first: number, parts: Parts): void {
  const { draft, extent, end, groups } = parts;
  const group = groups.first.get(first) as Group;
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let flags = 0;
  let sum = 0;
  for (const member of group.members) {
    const begins = draft.start[member] as number;
    const ends = end[member] as number;
    from = Math.min(from, begins);
    to = Math.max(to, ends);
    sum += ends - begins;
    flags |= (draft.flags[member] as number) & (FLAG_ANY_ERROR | FLAG_IN_PROGRESS);
  }
  // Its own id in the address: no row of a trace is named so.
  table.ids[row] = `${group.kind === KIND_REPEATS ? "repeats" : "missing"}-${draft.ids[first]}`;
  table.kind[row] = group.kind;
  for (const column of ["name", "service", "origin", "namespace", "method", "missingParent"] as const) {
    table[column][row] = draft[column][first] as number;
  }
  table.start[row] = from - extent.from;
  table.end[row] = to - extent.from;
  table.duration[row] = flags & FLAG_IN_PROGRESS ? -1 : to - from;
  table.own[row] = sum;
  table.flags[row] = flags;
  table.shift[row] = parts.skew.shift[first] as number;
}

function fillCritical(
  table: TraceTable,
  critical: ReturnType<typeof criticalPath>,
  newRow: Int32Array,
  from: number,
): void {
  const sorted = critical
    .map(part => ({ row: newRow[part.row] as number, from: part.from - from, to: part.to - from }))
    .sort((a, b) => a.row - b.row || a.from - b.from);
  table.criticalRow = Uint32Array.from(sorted, part => part.row);
  table.criticalFrom = Float64Array.from(sorted, part => part.from);
  table.criticalTo = Float64Array.from(sorted, part => part.to);
  for (const { row } of sorted) {
    table.isCritical[row] = 1;
    const above = table.parent[row] as number;
    if (table.kind[above] === KIND_REPEATS) table.isCritical[above] = 1;
  }
}

function countRows(table: TraceTable): void {
  const { counts, kind, flags } = table;
  const services = new Set<number>();
  for (let row = 0; row < table.count; row += 1) {
    if (kind[row] === KIND_MISSING) {
      counts.missingParents += 1;
      counts.orphans += table.childCount[row] as number;
    }
    if ((kind[row] as number) >= KIND_REPEATS) continue;
    if (kind[row] === KIND_SUBSEGMENT) counts.subsegments += 1;
    else {
      counts.segments += 1;
      services.add(table.name[row] as number);
    }
    if (table.isSkewed[row]) counts.skewed += 1;
    if (table.namespace[row]) counts.remote += 1;
    if ((flags[row] as number) & FLAG_IN_PROGRESS) counts.inProgress += 1;
    if ((flags[row] as number) & FLAG_ANY_ERROR) counts.errors += 1;
  }
  counts.services = services.size;
}
