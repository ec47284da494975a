/** Rows from the compact form of a trace (docs/console-api.md). */
import { type Draft, FLAG_IN_PROGRESS, type Thrown } from "./table";

/** The columns as they arrive; texts are indexes into `strings`. */
export interface CompactTrace {
  id: string;
  startUnixNanos: string;
  revision: number;
  limitExceeded: boolean;
  strings: string[];
  count: number;
  ids: string[];
  parent: number[];
  missingParent: number[];
  kind: number[];
  name: number[];
  service: number[];
  origin: number[];
  namespace: number[];
  start: number[];
  duration: number[];
  flags: number[];
  method: number[];
  operation: number[];
  url: number[];
  status: number[];
  exceptions: Thrown[];
}

export function draftFromCompact(compact: CompactTrace): Draft {
  const { count } = compact;
  const texts = (column: number[]) => filled(new Uint32Array(count), column);
  const parent = filled(new Int32Array(count).fill(-1), compact.parent);
  // A parent that is no row is none: the server's mistake must not become ours.
  for (let row = 0; row < count; row += 1) {
    const above = parent[row] as number;
    if (above >= count || above < -1) parent[row] = -1;
  }
  return {
    id: compact.id,
    startMicros: Number(BigInt(compact.startUnixNanos) / 1000n),
    revision: compact.revision,
    limitExceeded: compact.limitExceeded,
    strings: compact.strings.length > 0 ? compact.strings : [""],
    ids: Array.from({ length: count }, (_, row) => compact.ids[row] ?? ""),
    parent,
    missingParent: texts(compact.missingParent),
    kind: filled(new Uint8Array(count), compact.kind).map(kind => Math.min(kind, 2)),
    name: texts(compact.name),
    service: texts(compact.service),
    origin: texts(compact.origin),
    namespace: texts(compact.namespace),
    start: filled(new Float64Array(count), compact.start),
    duration: openEnds(compact),
    flags: filled(new Uint16Array(count), compact.flags),
    method: texts(compact.method).map((method, row) => method || (compact.operation[row] ?? 0)),
    url: texts(compact.url),
    status: filled(new Uint16Array(count), compact.status),
    exceptions: compact.exceptions,
  };
}

const openEnds = ({ count, duration, flags }: CompactTrace): Float64Array =>
  filled(new Float64Array(count), duration).map((micros, row) =>
    (flags[row] ?? 0) & FLAG_IN_PROGRESS ? -1 : Math.max(micros, micros === -1 ? -1 : 0),
  );

function filled<T extends { length: number; [index: number]: number }>(column: T, values: number[]): T {
  const count = Math.min(column.length, values.length);
  for (let row = 0; row < count; row += 1) column[row] = values[row] as number;
  return column;
}
