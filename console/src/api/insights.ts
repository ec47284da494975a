/**
 * `GetInsightSummaries`, `GetInsight`, `GetInsightEvents` and `GetInsightImpactGraph` (spec api.md;
 * groups-insights.md 3 and 5). Times are seconds since the epoch.
 */
import { list, number, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";
import { eachPage } from "./pages";

const serviceId = shape({
  Name: withDefault(string, ""),
  Names: list(string),
  AccountId: optional(string),
  Type: optional(string),
});

/** Fault + ok may be below total: errors and throttles are neither. */
const impact = shape({
  FaultCount: withDefault(number, 0),
  OkCount: withDefault(number, 0),
  TotalCount: withDefault(number, 0),
});

const anomalous = list(shape({ ServiceId: optional(serviceId) }));

const insight = shape({
  InsightId: string,
  GroupName: withDefault(string, ""),
  GroupARN: optional(string),
  RootCauseServiceId: optional(serviceId),
  Categories: list(string),
  State: withDefault(string, ""),
  StartTime: number,
  /** Absent while active. */
  EndTime: optional(number),
  Summary: withDefault(string, ""),
  ClientRequestImpactStatistics: optional(impact),
  RootCauseServiceRequestImpactStatistics: optional(impact),
  TopAnomalousServices: anomalous,
  /** Of summaries only. */
  LastUpdateTime: optional(number),
});

const event = shape({
  Summary: withDefault(string, ""),
  EventTime: number,
  ClientRequestImpactStatistics: optional(impact),
  RootCauseServiceRequestImpactStatistics: optional(impact),
  TopAnomalousServices: anomalous,
});

const impactService = shape({
  ReferenceId: number,
  Type: optional(string),
  Name: withDefault(string, ""),
  Names: list(string),
  AccountId: optional(string),
  Edges: list(shape({ ReferenceId: number })),
});

export type ServiceId = Read<typeof serviceId>;
export type Impact = Read<typeof impact>;
export type Insight = Read<typeof insight>;
export type InsightEvent = Read<typeof event>;
export type ImpactService = Read<typeof impactService>;

const summaries = shape({ InsightSummaries: list(insight), NextToken: optional(string) });
const one = shape({ Insight: insight });
const events = shape({ InsightEvents: list(event), NextToken: optional(string) });
const graph = shape({ Services: list(impactService), NextToken: optional(string) });

/** Insights of one group that overlap the range, newest start first. */
export async function getInsightSummaries(
  request: { GroupName: string; StartTime: number; EndTime: number },
  options: CallOptions = {},
): Promise<Insight[]> {
  const all: Insight[] = [];
  await eachPage("InsightSummaries", request, summaries, page => all.push(...page.InsightSummaries), options);
  return all;
}

export const getInsight = async (id: string, options: CallOptions = {}): Promise<Insight> =>
  (await post("Insight", { InsightId: id }, one, options)).Insight;

/** Newest first. */
export async function getInsightEvents(id: string, options: CallOptions = {}): Promise<InsightEvent[]> {
  const all: InsightEvent[] = [];
  const request = { InsightId: id };
  await eachPage("InsightEvents", request, events, page => all.push(...page.InsightEvents), options);
  return all;
}

/** Structure only; at most six hours where the server is strict. */
export async function getInsightImpactGraph(
  request: { InsightId: string; StartTime: number; EndTime: number },
  options: CallOptions = {},
): Promise<ImpactService[]> {
  const all: ImpactService[] = [];
  await eachPage("InsightImpactGraph", request, graph, page => all.push(...page.Services), options);
  return all;
}
