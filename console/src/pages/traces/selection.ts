/** Which rows are ticked; kept while one looks at a trace and comes back. */
import { signal } from "@preact/signals";

export const selected = signal<{ ids: ReadonlySet<string>; last: string | undefined }>({
  ids: new Set(),
  last: undefined,
});

/** Which row has the cursor. */
export const activeId = signal<string | undefined>(undefined);

/** Ticks or unticks a row; with `isRange` all from the last one that was. */
export function toggleRow(id: string, order: readonly { id: string }[], isRange: boolean): void {
  const { ids, last } = selected.value;
  const next = new Set(ids);
  const from = isRange ? order.findIndex(row => row.id === last) : -1;
  if (from >= 0) {
    const to = order.findIndex(row => row.id === id);
    for (const row of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(row.id);
  } else if (!next.delete(id)) next.add(id);
  selected.value = { ids: next, last: id };
}
