/** `GetTraceSummaries` (spec api.md): one page, and its summaries as rows and for counting. */
import { quote } from "../model/filter/clauses";
import type { TraceRow } from "../model/search/row";
import type { CountedTrace } from "../model/search/tally";
import {
  array,
  boolean,
  number,
  optional,
  type Read,
  type Reader,
  record,
  shape,
  string,
  unknown,
  withDefault,
} from "./check";
import { type CallOptions, post } from "./client";

const node = shape({ Name: withDefault(string, ""), Type: optional(string) });

const user = shape({ UserName: optional(string) });

const annotationValue = shape({
  AnnotationValue: optional(
    shape({ StringValue: optional(string), NumberValue: optional(number), BooleanValue: optional(boolean) }),
  ),
});

export const traceSummary = shape({
  Id: string,
  StartTime: optional(number),
  Duration: optional(number),
  ResponseTime: optional(number),
  HasFault: withDefault(boolean, false),
  HasError: withDefault(boolean, false),
  HasThrottle: withDefault(boolean, false),
  IsPartial: withDefault(boolean, false),
  Http: optional(
    shape({ HttpURL: optional(string), HttpStatus: optional(number), HttpMethod: optional(string) }),
  ),
  Annotations: withDefault(record(array(annotationValue)), new Map<string, Read<typeof annotationValue>[]>()),
  Users: withDefault(array(user), []),
  EntryPoint: optional(node),
  Revision: withDefault(number, 0),
  // What only the reduced console counts; read where it is counted.
  ServiceIds: unknown,
  ResourceARNs: unknown,
  InstanceIds: unknown,
  AvailabilityZones: unknown,
  FaultRootCauses: unknown,
  ErrorRootCauses: unknown,
  ResponseTimeRootCauses: unknown,
});

export type WireSummary = Read<typeof traceSummary>;

const answer = shape({
  TraceSummaries: withDefault(array(traceSummary), []),
  TracesProcessedCount: optional(number),
  NextToken: optional(string),
});

export interface SummariesRequest {
  /** Seconds since the epoch. */
  StartTime: number;
  EndTime: number;
  TimeRangeType: "TraceId" | "Event" | "Service";
  FilterExpression?: string;
  NextToken?: string;
}

export const getTraceSummaries = (
  request: SummariesRequest,
  options: CallOptions = {},
): Promise<Read<typeof answer>> => post("TraceSummaries", request, answer, options);

export function rowOf(summary: WireSummary): TraceRow {
  const { Http: http, EntryPoint: entry } = summary;
  return {
    id: summary.Id,
    start: startOf(summary),
    duration: summary.Duration,
    responseTime: summary.ResponseTime,
    fault: summary.HasFault,
    error: summary.HasError,
    throttle: summary.HasThrottle,
    isPartial: summary.IsPartial,
    method: http?.HttpMethod ?? "",
    url: http?.HttpURL ?? "",
    status: http?.HttpStatus || undefined,
    root: entry?.Name ?? "",
    rootType: entry?.Type ?? "",
    users: summary.Users.flatMap(user => user.UserName ?? []),
    annotations: new Map([...summary.Annotations].map(([key, values]) => [key, values.map(valueText)])),
    revision: summary.Revision,
  };
}

/** The id has the start in seconds, for servers that do not say it. */
const startOf = ({ Id, StartTime }: WireSummary): number =>
  StartTime === undefined ? Number.parseInt(Id.slice(2, 10), 16) * 1000 : StartTime * 1000;

const valueText = ({ AnnotationValue: value }: Read<typeof annotationValue>): string =>
  String(value?.StringValue ?? value?.NumberValue ?? value?.BooleanValue ?? "");

const exception = shape({ Message: optional(string) });
const entity = shape({ Exceptions: withDefault(array(exception), []) });
const causeService = shape({ Name: withDefault(string, ""), EntityPath: withDefault(array(entity), []) });
const rootCauses = shape({ Services: withDefault(array(causeService), []) });

/** Reads what servers may leave out or spell otherwise: what is not as expected is not counted. */
function lenient<T>(reader: Reader<T>, value: unknown): T[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap(item => {
    try {
      return [reader(item, "")];
    } catch {
      return [];
    }
  });
}

/** The trace with what the reduced console counts. */
export function countedOf(summary: WireSummary): CountedTrace {
  const row = rowOf(summary);
  const annotations = [...summary.Annotations].flatMap(([key, values]) =>
    values.map(({ AnnotationValue: value }) => {
      const text = value?.StringValue;
      const plain = String(value?.NumberValue ?? value?.BooleanValue ?? "");
      return { key, value: text ?? plain, literal: text === undefined ? plain : quote(text) };
    }),
  );
  const causes = [
    { kind: "faultRootCause", word: "fault", list: lenient(rootCauses, summary.FaultRootCauses) },
    { kind: "errorRootCause", word: "error", list: lenient(rootCauses, summary.ErrorRootCauses) },
    {
      kind: "responseTimeRootCause",
      word: "responsetime",
      list: lenient(rootCauses, summary.ResponseTimeRootCauses),
    },
  ] as const;
  return {
    row,
    services: lenient(node, summary.ServiceIds).map(({ Name, Type }) => ({ name: Name, type: Type })),
    resources: lenient(shape({ ARN: withDefault(string, "") }), summary.ResourceARNs).map(({ ARN }) => ARN),
    instances: lenient(shape({ Id: withDefault(string, "") }), summary.InstanceIds).map(({ Id }) => Id),
    zones: lenient(shape({ Name: withDefault(string, "") }), summary.AvailabilityZones).map(
      ({ Name }) => Name,
    ),
    causes: causes.flatMap(({ kind, word, list }) =>
      list.map(({ Services }) => {
        const names = Services.map(({ Name }) => Name);
        const pattern = JSON.stringify([{ Services: names.map(Name => ({ Name })) }]);
        return { kind, path: names.join(" → "), filter: `rootcause.${word}.json = #${pattern}` };
      }),
    ),
    exceptions: causes.slice(0, 2).flatMap(({ word, list }) =>
      messagesOf(list).map(message => ({
        message,
        filter: `rootcause.${word}.exception { message = ${quote(message)} }`,
      })),
    ),
    annotations,
  };
}

function messagesOf(causes: readonly Read<typeof rootCauses>[]): string[] {
  const entities = causes.flatMap(cause => cause.Services).flatMap(service => service.EntityPath);
  return entities.flatMap(one => one.Exceptions).flatMap(({ Message }) => Message ?? []);
}
