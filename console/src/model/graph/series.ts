/** What a node or edge did over the range, in buckets that a small chart can show. */
import { addCounts, type Counts, NO_COUNTS } from "./counts";
import { countsOf, type WireStatistics } from "./graph";
import { type HistogramEntry, mergeHistograms, quantile } from "./histogram";

export interface SeriesRow {
  /** Seconds since the epoch. */
  Timestamp: number;
  EdgeSummaryStatistics?: WireStatistics | undefined;
  ServiceSummaryStatistics?: WireStatistics | undefined;
  ResponseTimeHistogram: readonly HistogramEntry[];
}

export interface GraphSeries {
  /** Start of each bucket, milliseconds since the epoch. */
  times: number[];
  bucketMillis: number;
  counts: Counts[];
  /** Seconds; null where there was nothing. */
  p50: (number | null)[];
  p90: (number | null)[];
  p99: (number | null)[];
}

const BUCKETS_MAX = 90;

/** The period to ask for, in seconds: minutes where they are not too many. */
export const periodFor = (window: { start: number; end: number }): 60 | 300 =>
  window.end - window.start <= 6 * 3600 * 1000 ? 60 : 300;

/** Every bucket of the window, also the empty ones; buckets are whole multiples of the period. */
export function seriesOf(
  rows: readonly SeriesRow[],
  window: { start: number; end: number },
  periodSeconds: number,
): GraphSeries {
  const period = periodSeconds * 1000;
  const span = Math.max(1, window.end - window.start);
  const bucketMillis = period * Math.max(1, Math.ceil(span / period / BUCKETS_MAX));
  const first = Math.floor(window.start / bucketMillis) * bucketMillis;
  const count = Math.max(1, Math.ceil((window.end - first) / bucketMillis));
  const counts = new Array<Counts>(count).fill(NO_COUNTS);
  const times = Array.from({ length: count }, (_, at) => first + at * bucketMillis);
  const parts: HistogramEntry[][][] = times.map(() => []);
  for (const row of rows) {
    const at = Math.floor((row.Timestamp * 1000 - first) / bucketMillis);
    if (at < 0 || at >= count) continue;
    const more = countsOf(row.ServiceSummaryStatistics ?? row.EdgeSummaryStatistics);
    counts[at] = addCounts(counts[at] ?? NO_COUNTS, more);
    parts[at]?.push([...row.ResponseTimeHistogram]);
  }
  const merged = parts.map(mergeHistograms);
  const share = (q: number) => merged.map(entries => quantile(entries, q) ?? null);
  return { times, bucketMillis, counts, p50: share(0.5), p90: share(0.9), p99: share(0.99) };
}
