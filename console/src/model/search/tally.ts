/**
 * Counts over summaries in the browser: what `/api/v1/search` counts, for a server that has it not (spec console.md 4.1,
 * the reduced console).
 */
import { annotationWord, quote, serviceClause } from "../filter/clauses";
import { bucketsOf } from "../scale";
import {
  type Aggregates,
  byCount,
  type Facet,
  type FacetValue,
  percentilesOf,
  type Timeline,
} from "./aggregates";
import { classOfRow, type TraceRow } from "./row";

/** A trace with what only counting needs. */
export interface CountedTrace {
  row: TraceRow;
  services: readonly { name: string; type: string | undefined }[];
  resources: readonly string[];
  instances: readonly string[];
  zones: readonly string[];
  /** Root causes as they are shown (`web → pay`), with the clause that asks for them. */
  causes: readonly {
    kind: "faultRootCause" | "errorRootCause" | "responseTimeRootCause";
    path: string;
    filter: string;
  }[];
  /** Messages of the root causes' exceptions. */
  exceptions: readonly { message: string; filter: string }[];
  /** Texts have quotes in a clause, other values have none. */
  annotations: readonly { key: string; value: string; literal: string }[];
}

/** Values that are counted of one key; further ones are dropped, which is said. */
const VALUES_MAX = 2_000;
const SHOWN_VALUES = 10;
const ANNOTATIONS_SHOWN = 20;

export class Tally {
  private readonly times: { at: number; cls: string; response: number | undefined }[] = [];
  private readonly responses: { Value: number; Count: number }[] = [];
  private readonly facets = new Map<string, Map<string, FacetValue>>();

  constructor(
    private readonly window: { start: number; end: number },
    private readonly buckets: number,
  ) {}

  add(trace: CountedTrace): void {
    const { row } = trace;
    const cls = classOfRow(row);
    this.times.push({ at: row.start, cls, response: row.responseTime });
    if (row.responseTime !== undefined) this.responses.push({ Value: row.responseTime, Count: 1 });
    const counted = new Set<string>();
    const count = (key: string, value: string, filter: string) => {
      // A trace counts once for each value.
      if (value === "" || counted.has(`${key} ${value}`)) return;
      counted.add(`${key} ${value}`);
      this.count(key, value, filter, row);
    };
    for (const { name, type } of trace.services)
      if (type !== "client") count("service", name, serviceClause(name));
    const text = (key: string, keyword: string, values: readonly string[]) => {
      for (const value of values) count(key, value, `${keyword} = ${quote(value)}`);
    };
    text("url", "http.url", [row.url]);
    text("method", "http.method", [row.method]);
    if (row.status !== undefined) count("status", String(row.status), `http.status = ${row.status}`);
    text("user", "user", row.users);
    text("resourceArn", "resource.arn", trace.resources);
    text("instance", "instance.id", trace.instances);
    text("zone", "availabilityzone", trace.zones);
    for (const { kind, path, filter } of trace.causes) count(kind, path, filter);
    for (const { message, filter } of trace.exceptions) count("exception", message, filter);
    for (const { key, value, literal } of trace.annotations) {
      count(`annotation.${key}`, value, `${annotationWord(key)} = ${literal}`);
    }
  }

  private count(key: string, value: string, filter: string, row: TraceRow): void {
    const values = this.facets.get(key) ?? new Map<string, FacetValue>();
    this.facets.set(key, values);
    let known = values.get(value);
    if (!known) {
      if (values.size >= VALUES_MAX) return;
      known = { value, filter, count: 0, fault: 0, error: 0, throttle: 0 };
      values.set(value, known);
    }
    known.count += 1;
    known.fault += Number(row.fault);
    known.error += Number(row.error);
    known.throttle += Number(row.throttle);
  }

  aggregates(shownValues = SHOWN_VALUES): Aggregates {
    const buckets = bucketsOf(this.responses);
    const values = this.responses.map(one => one.Value);
    return {
      timeline: this.timeline(),
      responseTimes: {
        buckets,
        count: values.length,
        min: values.length > 0 ? values.reduce((a, b) => Math.min(a, b)) : undefined,
        max: values.length > 0 ? values.reduce((a, b) => Math.max(a, b)) : undefined,
        ...percentilesOf(buckets),
      },
      facets: this.shownFacets(shownValues),
    };
  }

  private timeline(): Timeline {
    const { start, end } = this.window;
    const bucketMillis = (end - start) / this.buckets;
    const counts = { ok: [], error: [], fault: [], throttle: [] } as Record<string, number[]>;
    for (const name in counts) counts[name] = new Array<number>(this.buckets).fill(0);
    const responses: number[][] = Array.from({ length: this.buckets }, () => []);
    for (const { at, cls, response } of this.times) {
      const bucket = Math.min(this.buckets - 1, Math.max(0, Math.floor((at - start) / bucketMillis)));
      const list = counts[cls === "unknown" ? "ok" : cls];
      if (list) list[bucket] = (list[bucket] ?? 0) + 1;
      if (response !== undefined) responses[bucket]?.push(response);
    }
    for (const list of responses) list.sort((a, b) => a - b);
    const percentile = (share: number) =>
      responses.map(list => list[Math.min(list.length - 1, Math.floor(share * list.length))] ?? null);
    return {
      start,
      bucketMillis,
      ok: counts.ok ?? [],
      error: counts.error ?? [],
      fault: counts.fault ?? [],
      throttle: counts.throttle ?? [],
      p50: percentile(0.5),
      p90: percentile(0.9),
      p99: percentile(0.99),
    };
  }

  private shownFacets(shownValues: number): Facet[] {
    const facets = [...this.facets].map(([key, values]) => ({
      key,
      distinct: values.size,
      isCapped: values.size >= VALUES_MAX,
      values: [...values.values()].sort(byCount).slice(0, shownValues),
    }));
    const isAnnotation = (facet: Facet) => facet.key.startsWith("annotation.");
    const total = (facet: Facet) => facet.values.reduce((sum, value) => sum + value.count, 0);
    const annotations = facets.filter(isAnnotation).sort((left, right) => total(right) - total(left));
    return [...facets.filter(facet => !isAnnotation(facet)), ...annotations.slice(0, ANNOTATIONS_SHOWN)];
  }
}
