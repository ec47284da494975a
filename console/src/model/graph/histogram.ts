/** Latency histograms as the operations send them: values in seconds with how many had it. */

export interface HistogramEntry {
  Value: number;
  Count: number;
}

/** Adds the counts of equal values; ascending by value (spec service-graph.md 4.1). */
export function mergeHistograms(parts: readonly (readonly HistogramEntry[])[]): HistogramEntry[] {
  const counts = new Map<number, number>();
  for (const part of parts) {
    for (const { Value, Count } of part) counts.set(Value, (counts.get(Value) ?? 0) + Count);
  }
  return [...counts].map(([Value, Count]) => ({ Value, Count })).sort((a, b) => a.Value - b.Value);
}

export const countOf = (entries: readonly HistogramEntry[]): number =>
  entries.reduce((sum, entry) => sum + entry.Count, 0);

/** The smallest value that at least the share `q` does not exceed; undefined of nothing. Entries ascend. */
export function quantile(entries: readonly HistogramEntry[], q: number): number | undefined {
  const rank = Math.max(1, Math.ceil(countOf(entries) * q));
  let seen = 0;
  for (const { Value, Count } of entries) {
    seen += Count;
    if (seen >= rank) return Value;
  }
  return undefined;
}

/** How many lie in `[from, to]`, ends included, as the generated filter counts them. */
export const countWithin = (
  entries: readonly HistogramEntry[],
  [from, to]: readonly [number, number],
): number => countOf(entries.filter(({ Value }) => Value >= from && Value <= to));
