/** `GetServiceGraph` (spec api.md; service-graph.md). */
import {
  array,
  boolean,
  number,
  optional,
  type Read,
  type Reader,
  shape,
  string,
  withDefault,
} from "./check";
import { type CallOptions, post } from "./client";

const errorStatistics = shape({
  ThrottleCount: withDefault(number, 0),
  OtherCount: withDefault(number, 0),
  TotalCount: withDefault(number, 0),
});

export const faultStatistics = shape({
  OtherCount: withDefault(number, 0),
  TotalCount: withDefault(number, 0),
});

/** Of nodes and edges alike: counts of completed requests, and the sum of their seconds. */
export const statistics = shape({
  OkCount: withDefault(number, 0),
  ErrorStatistics: optional(errorStatistics),
  FaultStatistics: optional(faultStatistics),
  TotalCount: withDefault(number, 0),
  TotalResponseTime: withDefault(number, 0),
});

/** A bucket: the value in seconds, and how many. */
export const histogramEntry = shape({ Value: number, Count: number });

const edge = shape({
  ReferenceId: number,
  StartTime: optional(number),
  EndTime: optional(number),
  SummaryStatistics: optional(statistics),
  ResponseTimeHistogram: withDefault(array(histogramEntry), []),
  EdgeType: optional(string),
  ReceivedEventAgeHistogram: withDefault(array(histogramEntry), []),
});

const service = shape({
  ReferenceId: number,
  Name: withDefault(string, ""),
  Names: withDefault(array(string), []),
  Root: withDefault(boolean, false),
  AccountId: optional(string),
  Type: optional(string),
  State: optional(string),
  StartTime: optional(number),
  EndTime: optional(number),
  Edges: withDefault(array(edge), []),
  SummaryStatistics: optional(statistics),
  DurationHistogram: withDefault(array(histogramEntry), []),
  ResponseTimeHistogram: withDefault(array(histogramEntry), []),
});

const answer = shape({
  StartTime: optional(number),
  EndTime: optional(number),
  Services: withDefault(array(service), []),
  ContainsOldGroupVersions: withDefault(boolean, false),
  NextToken: optional(string),
});

export type Statistics = Read<typeof statistics>;
export type HistogramEntry = Read<typeof histogramEntry>;
export type WireEdge = Read<typeof edge>;
export type WireService = Read<typeof service>;
export type ServiceGraphPage = Read<typeof answer>;
export const services: Reader<WireService[]> = array(service);

export interface ServiceGraphRequest {
  /** Seconds since the epoch. */
  StartTime: number;
  EndTime: number;
  GroupName?: string;
}

/** All pages of one graph. */
export async function getServiceGraph(
  request: ServiceGraphRequest,
  options: CallOptions = {},
): Promise<ServiceGraphPage> {
  const graph: ServiceGraphPage = await post("ServiceGraph", request, answer, options);
  let next = graph.NextToken;
  while (next !== undefined) {
    const page: ServiceGraphPage = await post(
      "ServiceGraph",
      { ...request, NextToken: next },
      answer,
      options,
    );
    graph.Services.push(...page.Services);
    next = page.NextToken;
  }
  return { ...graph, NextToken: undefined };
}
