/**
 * The search behind the list of traces: `/api/v1/search` (docs/console-api.md), and for servers that have it not the same
 * from the pages of `GetTraceSummaries`.
 */
import type { Aggregates } from "../model/search/aggregates";
import { compareRows, type Sort, type TraceRow } from "../model/search/row";
import type { SearchEvent } from "../model/search/state";
import { Tally } from "../model/search/tally";
import { array, boolean, number, optional, type Reader, shape, string, withDefault } from "./check";
import { ApiError, type CallOptions, postStream } from "./client";
import { countedOf, getTraceSummaries, rowOf, traceSummary } from "./trace-summaries";

export interface SearchRequest {
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  filter: string;
  group: string | undefined;
  sort: Sort;
  rows: number;
  /** Go on after the last row (newest first only). */
  after?: string | undefined;
  aggregates: boolean;
  timelineBuckets: number;
  facetValues: number;
  /** Only these keys; all otherwise. */
  facets?: readonly string[];
}

const nanos: Reader<number> = (value, at) => Number(string(value, at)) / 1e6;

const rows = shape({ replace: withDefault(boolean, false), summaries: array(traceSummary) });
const progress = shape({
  matched: number,
  scanned: number,
  rangeDoneTo: nanos,
  rangeTotal: nanos,
  elapsedMs: number,
});
const numbers = withDefault(array(number), []);
const percentiles = withDefault(
  array((value, at) => (value === null ? null : number(value, at))),
  [],
);
const aggregates = shape({
  timeline: shape({
    startUnixNanos: nanos,
    bucketNanos: nanos,
    ok: numbers,
    error: numbers,
    fault: numbers,
    throttle: numbers,
    p50: percentiles,
    p90: percentiles,
    p99: percentiles,
  }),
  responseTime: shape({
    buckets: withDefault(array(shape({ from: number, to: number, count: number })), []),
    p50: optional(number),
    p90: optional(number),
    p99: optional(number),
    min: optional(number),
    max: optional(number),
    count: withDefault(number, 0),
  }),
  facets: withDefault(
    array(
      shape({
        key: string,
        distinct: withDefault(number, 0),
        capped: withDefault(boolean, false),
        values: array(
          shape({
            value: string,
            filter: string,
            count: number,
            fault: withDefault(number, 0),
            error: withDefault(number, 0),
            throttle: withDefault(number, 0),
          }),
        ),
      }),
    ),
    [],
  ),
});
const done = shape({
  matched: number,
  scanned: number,
  elapsedMs: number,
  next: optional(string),
  limit: optional(string),
});
const failure = shape({ __type: withDefault(string, ""), message: withDefault(string, "the search failed") });

/** Servers that turned out to have no search of their own: not asked again. */
let isReduced = false;

export async function* search(request: SearchRequest, options: CallOptions): AsyncGenerator<SearchEvent> {
  if (!isReduced) {
    try {
      yield* streamed(request, options);
      return;
    } catch (cause) {
      const isUnknown = cause instanceof ApiError && (cause.status === 404 || cause.status === 405);
      if (!isUnknown) throw cause;
      isReduced = true;
    }
  }
  yield* fromSummaries(request, options);
}

async function* streamed(request: SearchRequest, options: CallOptions): AsyncGenerator<SearchEvent> {
  const { start, end, filter, group, sort, after } = request;
  const body = {
    startUnixNanos: nanosText(start),
    endUnixNanos: nanosText(end),
    ...(filter ? { filter } : {}),
    ...(group ? { group } : {}),
    sort,
    rows: request.rows,
    ...(after ? { after } : {}),
    aggregates: request.aggregates,
    timelineBuckets: request.timelineBuckets,
    facetValues: request.facetValues,
    ...(request.facets ? { facets: request.facets } : {}),
  };
  let isEnded = false;
  for await (const { name, data } of postStream("api/v1/search", body, options)) {
    const event = eventOf(name, data, request);
    if (event) yield event;
    isEnded ||= event?.kind === "done";
  }
  // A stream that ends without its last record was cut off.
  if (!isEnded) {
    throw new ApiError({ code: "Offline", status: 0, message: "the connection was lost" });
  }
}

function eventOf(name: string, data: unknown, { end }: SearchRequest): SearchEvent | undefined {
  switch (name) {
    case "rows": {
      const { replace, summaries } = rows(data, name);
      return { kind: "rows", isReplacing: replace, rows: summaries.map(rowOf) };
    }
    case "progress": {
      const { matched, scanned, rangeDoneTo, rangeTotal, elapsedMs } = progress(data, name);
      const share = rangeTotal > 0 ? Math.min(1, Math.max(0, (end - rangeDoneTo) / rangeTotal)) : 1;
      return {
        kind: "progress",
        progress: { matched, scanned, doneTo: rangeDoneTo, share, elapsedMillis: elapsedMs },
      };
    }
    case "aggregates":
      return { kind: "aggregates", aggregates: aggregatesOf(data) };
    case "done": {
      const { matched, scanned, elapsedMs, next, limit } = done(data, name);
      return {
        kind: "done",
        matched,
        scanned,
        elapsedMillis: elapsedMs,
        next,
        // A limit of rows ends the rows, not the search: all is counted.
        limit: limit === "time" ? limit : undefined,
      };
    }
    case "error": {
      const { __type, message } = failure(data, name);
      throw new ApiError({ code: __type.split("#").pop() || "Failed", status: 500, message });
    }
    default:
      // Events of later versions.
      return undefined;
  }
}

function aggregatesOf(data: unknown): Aggregates {
  const { timeline, responseTime, facets } = aggregates(data, "aggregates");
  const { startUnixNanos, bucketNanos, ...counts } = timeline;
  return {
    timeline: { start: startUnixNanos, bucketMillis: bucketNanos, ...counts },
    responseTimes: responseTime,
    facets: facets.map(({ capped, ...facet }) => ({ ...facet, isCapped: capped })),
  };
}

/** Milliseconds as nanoseconds; the product would not fit a number exactly. */
const nanosText = (millis: number): string => `${Math.round(millis)}000000`;

/** A call's range where the operation has a limit. */
const CALL_MILLIS_MAX = 6 * 3_600_000;
/** Parts of a range that are asked for one after another, newest first, so that there is progress to show. */
const PARTS_LEAST = 10;
/** Rows are kept in the browser here: no more than this. */
const REDUCED_ROWS_MAX = 100_000;
const AGGREGATES_EVERY_MILLIS = 500;

async function* fromSummaries(request: SearchRequest, options: CallOptions): AsyncGenerator<SearchEvent> {
  const { start, end, sort } = request;
  const began = performance.now();
  const parts = Math.max(PARTS_LEAST, Math.ceil((end - start) / CALL_MILLIS_MAX));
  const tally = new Tally({ start, end }, request.timelineBuckets);
  const group = request.group ? `group.name = ${JSON.stringify(request.group)}` : "";
  const filter = [group, request.filter && group ? `(${request.filter})` : request.filter]
    .filter(Boolean)
    .join(" AND ");
  const seen = new Set<string>();
  const all: TraceRow[] = [];
  let scanned = 0;
  let aggregatedAt = 0;
  for (let part = 0; part < parts && seen.size < REDUCED_ROWS_MAX; part++) {
    const width = (end - start) / parts;
    const [from, to] = [end - width * (part + 1), end - width * part];
    let token: string | undefined;
    do {
      const page = await getTraceSummaries(
        {
          StartTime: Math.floor(from) / 1000,
          EndTime: Math.ceil(to) / 1000,
          TimeRangeType: "Event",
          ...(filter ? { FilterExpression: filter } : {}),
          ...(token ? { NextToken: token } : {}),
        },
        options,
      );
      token = page.NextToken;
      const traces = page.TraceSummaries.filter(({ Id }) => !seen.has(Id)).map(countedOf);
      scanned += page.TracesProcessedCount ?? traces.length;
      const found = traces.map(({ row }) => row);
      for (const trace of traces) {
        seen.add(trace.row.id);
        tally.add(trace);
      }
      if (sort === "newest") yield { kind: "rows", isReplacing: false, rows: found.sort(compareRows(sort)) };
      else all.push(...found);
      const elapsedMillis = performance.now() - began;
      const share = (part + (token ? 0.5 : 1)) / parts;
      yield {
        kind: "progress",
        progress: { matched: seen.size, scanned, doneTo: token ? to : from, share, elapsedMillis },
      };
      if (elapsedMillis - aggregatedAt > AGGREGATES_EVERY_MILLIS && request.aggregates) {
        aggregatedAt = elapsedMillis;
        yield { kind: "aggregates", aggregates: tally.aggregates(request.facetValues) };
      }
    } while (token && seen.size < REDUCED_ROWS_MAX);
  }
  if (sort !== "newest") yield { kind: "rows", isReplacing: true, rows: all.sort(compareRows(sort)) };
  if (request.aggregates) yield { kind: "aggregates", aggregates: tally.aggregates(request.facetValues) };
  yield {
    kind: "done",
    matched: seen.size,
    scanned,
    elapsedMillis: performance.now() - began,
    next: undefined,
    limit: seen.size >= REDUCED_ROWS_MAX ? "rows" : undefined,
  };
}
