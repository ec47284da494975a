/** `GetTimeSeriesServiceStatistics` (spec api.md; service-graph.md 7). */
import { array, boolean, number, optional, type Read, shape, string, withDefault } from "./check";
import type { CallOptions } from "./client";
import { histogramEntry, statistics } from "./get-service-graph";
import { eachPage } from "./pages";

const row = shape({
  /** Start of the window, seconds since the epoch. */
  Timestamp: number,
  EdgeSummaryStatistics: optional(statistics),
  ServiceSummaryStatistics: optional(statistics),
  /** The expected band of faults in the window. */
  ServiceForecastStatistics: optional(
    shape({ FaultCountHigh: withDefault(number, 0), FaultCountLow: withDefault(number, 0) }),
  ),
  ResponseTimeHistogram: withDefault(array(histogramEntry), []),
});

export type TimeSeriesRow = Read<typeof row>;

const answer = shape({
  TimeSeriesServiceStatistics: withDefault(array(row), []),
  ContainsOldGroupVersions: withDefault(boolean, false),
  NextToken: optional(string),
});

export interface TimeSeriesRequest {
  /** Seconds since the epoch. */
  StartTime: number;
  EndTime: number;
  GroupName?: string;
  /** `service(…)`, `edge(…)` or `id(…)`; absent: entry edges, that is traces. */
  EntitySelectorExpression?: string;
  /** 60 or 300 seconds. */
  Period?: number;
  ForecastStatistics?: boolean;
}

/** Ascending; windows without data are left out. */
export async function getTimeSeriesServiceStatistics(
  request: TimeSeriesRequest,
  options: CallOptions = {},
): Promise<TimeSeriesRow[]> {
  const rows: TimeSeriesRow[] = [];
  const take = (page: Read<typeof answer>) => rows.push(...page.TimeSeriesServiceStatistics);
  await eachPage("TimeSeriesServiceStatistics", request, answer, take, options);
  return rows;
}
