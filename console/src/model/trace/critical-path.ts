/**
 * The chain of work that the root's end waited for: from the end backwards, at each moment the child that finished
 * last before it, and the row itself where no child runs. O(n log n): every child is looked at once, latest first.
 */
import type { Children } from "./arrange";

export interface CriticalPart {
  row: number;
  from: number;
  to: number;
}

export function criticalPath(
  start: Float64Array,
  end: Float64Array,
  { at, list }: Children,
  root: number,
): CriticalPart[] {
  const parts: CriticalPart[] = [];
  if (root < 0) return parts;
  const stack = [{ row: root, from: start[root] as number, until: end[root] as number }];
  while (stack.length > 0) {
    const { row, from, until } = stack.pop() as (typeof stack)[number];
    const latestFirst = list.slice(at[row], at[row + 1]);
    if (latestFirst.length > 1) latestFirst.sort((a, b) => (end[b] as number) - (end[a] as number));
    let cursor = until;
    let isFirst = true;
    for (const child of latestFirst) {
      const begins = Math.max(from, start[child] as number);
      // What outlives the row counts up to its end; later on, only what had finished can have been waited for.
      const ends = isFirst ? Math.min(cursor, end[child] as number) : (end[child] as number);
      if (begins >= cursor || ends > cursor || ends <= begins) continue;
      if (ends < cursor) parts.push({ row, from: ends, to: cursor });
      stack.push({ row: child, from: begins, until: ends });
      cursor = begins;
      isFirst = false;
    }
    if (cursor > from) parts.push({ row, from, to: cursor });
  }
  return parts;
}
