/** What a search counts beside its rows: counts over time, response times, values (docs/console-api.md). */
import type { Bucket } from "../scale";
import { percentileOf } from "../scale";

export interface Timeline {
  /** Milliseconds since the epoch. */
  start: number;
  bucketMillis: number;
  ok: readonly number[];
  error: readonly number[];
  fault: readonly number[];
  throttle: readonly number[];
  /** Seconds; null where nothing was answered. */
  p50: readonly (number | null)[];
  p90: readonly (number | null)[];
  p99: readonly (number | null)[];
}

export interface ResponseTimes {
  buckets: readonly Bucket[];
  p50: number | undefined;
  p90: number | undefined;
  p99: number | undefined;
  min: number | undefined;
  max: number | undefined;
  count: number;
}

export interface FacetValue {
  value: string;
  /** The clause that asks for it. */
  filter: string;
  count: number;
  fault: number;
  error: number;
  throttle: number;
}

export interface Facet {
  key: string;
  /** How many values there are; with `isCapped` at least so many. */
  distinct: number;
  isCapped: boolean;
  /** Most frequent first. */
  values: readonly FacetValue[];
}

export interface Aggregates {
  timeline: Timeline;
  responseTimes: ResponseTimes;
  facets: readonly Facet[];
}

const CLASSES = ["ok", "error", "fault", "throttle"] as const;
const PERCENTILES = ["p50", "p90", "p99"] as const;

/** Starts of the buckets, milliseconds. */
export const bucketStarts = ({ start, bucketMillis, ok }: Timeline): number[] =>
  ok.map((_, at) => start + at * bucketMillis);

/** Of two parts of one range, as when a stopped search goes on. Percentiles over both are read off the buckets. */
export function mergeAggregates(newer: Aggregates, older: Aggregates): Aggregates {
  return {
    timeline: mergeTimelines(newer.timeline, older.timeline),
    responseTimes: mergeResponseTimes(newer.responseTimes, older.responseTimes),
    facets: mergeFacets(newer.facets, older.facets),
  };
}

/** The buckets of the newer part stay; what the older part counted goes into the bucket its middle lies in. */
function mergeTimelines(newer: Timeline, older: Timeline): Timeline {
  const merged = structuredClone(newer) as { [K in keyof Timeline]: Timeline[K] } & Record<string, unknown>;
  bucketStarts(older).forEach((start, from) => {
    const middle = start + older.bucketMillis / 2;
    const to = Math.floor((middle - newer.start) / newer.bucketMillis);
    if (to < 0 || to >= newer.ok.length) return;
    const isEmpty = CLASSES.every(name => !newer[name][to]);
    for (const name of CLASSES) {
      const counts = merged[name] as number[];
      counts[to] = (counts[to] ?? 0) + (older[name][from] ?? 0);
    }
    for (const name of PERCENTILES) {
      const values = merged[name] as (number | null)[];
      if (isEmpty) values[to] = maxOrNull(values[to], older[name][from]);
    }
  });
  return merged;
}

const maxOrNull = (left: number | null | undefined, right: number | null | undefined): number | null =>
  left == null ? (right ?? null) : right == null ? left : Math.max(left, right);

function mergeResponseTimes(left: ResponseTimes, right: ResponseTimes): ResponseTimes {
  const buckets = mergeBuckets(left.buckets, right.buckets);
  const ends = (pick: (one: ResponseTimes) => number | undefined) =>
    [pick(left), pick(right)].filter(value => value !== undefined);
  const mins = ends(one => one.min);
  const maxs = ends(one => one.max);
  return {
    buckets,
    count: left.count + right.count,
    min: mins.length > 0 ? Math.min(...mins) : undefined,
    max: maxs.length > 0 ? Math.max(...maxs) : undefined,
    ...percentilesOf(buckets),
  };
}

export const percentilesOf = (buckets: readonly Bucket[]) => ({
  p50: percentileOf(buckets, 0.5),
  p90: percentileOf(buckets, 0.9),
  p99: percentileOf(buckets, 0.99),
});

/** Buckets with the same ends are added; others go into the one their middle lies in, or stand for themselves. */
function mergeBuckets(left: readonly Bucket[], right: readonly Bucket[]): Bucket[] {
  const merged = left.map(bucket => ({ ...bucket }));
  for (const bucket of right) {
    const middle = (bucket.from + bucket.to) / 2;
    const into = merged.find(({ from, to }) => middle >= from && middle < to);
    if (into) into.count += bucket.count;
    else merged.push({ ...bucket });
  }
  return merged.sort((a, b) => a.from - b.from);
}

function mergeFacets(newer: readonly Facet[], older: readonly Facet[]): Facet[] {
  const byKey = new Map(newer.map(facet => [facet.key, facet]));
  for (const facet of older) {
    const other = byKey.get(facet.key);
    byKey.set(facet.key, other ? mergeFacet(other, facet) : facet);
  }
  return [...byKey.values()];
}

function mergeFacet(left: Facet, right: Facet): Facet {
  const values = new Map(left.values.map(value => [value.value, value]));
  for (const value of right.values) {
    const other = values.get(value.value);
    values.set(value.value, other ? addValues(other, value) : value);
  }
  return {
    key: left.key,
    // The same value may be in both: at least so many.
    distinct: Math.max(left.distinct, right.distinct, values.size),
    isCapped: left.isCapped || right.isCapped || values.size < Math.max(left.distinct, right.distinct),
    values: [...values.values()].sort(byCount),
  };
}

const addValues = (left: FacetValue, right: FacetValue): FacetValue => ({
  ...left,
  count: left.count + right.count,
  fault: left.fault + right.fault,
  error: left.error + right.error,
  throttle: left.throttle + right.throttle,
});

export const byCount = (left: FacetValue, right: FacetValue): number =>
  right.count - left.count || (left.value < right.value ? -1 : 1);
