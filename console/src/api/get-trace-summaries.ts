/** `GetTraceSummaries` (spec api.md), the members that previews and evidence look at. */
import { boolean, list, number, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

const exception = shape({ Name: withDefault(string, ""), Message: optional(string) });
const entity = shape({ Name: withDefault(string, ""), Exceptions: list(exception) });
const causeService = shape({
  Name: withDefault(string, ""),
  Type: optional(string),
  EntityPath: list(entity),
});
const rootCause = shape({ Services: list(causeService) });

const summary = shape({
  Id: string,
  StartTime: optional(number),
  ResponseTime: optional(number),
  HasFault: withDefault(boolean, false),
  HasError: withDefault(boolean, false),
  HasThrottle: withDefault(boolean, false),
  Http: optional(
    shape({ HttpURL: optional(string), HttpMethod: optional(string), HttpStatus: optional(number) }),
  ),
  EntryPoint: optional(shape({ Name: withDefault(string, ""), Type: optional(string) })),
  FaultRootCauses: list(rootCause),
});

const answer = shape({
  TraceSummaries: list(summary),
  TracesProcessedCount: withDefault(number, 0),
  NextToken: optional(string),
});

export type TraceSample = Read<typeof summary>;
export type RootCause = Read<typeof rootCause>;

export interface SampledTraces {
  /** Newest first. */
  traces: TraceSample[];
  /** Traces looked at, matching or not. */
  examined: number;
  /** False: the pages allowed were used up before the start of the range. */
  isWhole: boolean;
}

/** Newest traces of the range that match; reads `pages` pages at most. */
export async function sampleTraces(
  request: { StartTime: number; EndTime: number; FilterExpression?: string },
  pages: number,
  options: CallOptions = {},
): Promise<SampledTraces> {
  const found: SampledTraces = { traces: [], examined: 0, isWhole: false };
  let next: string | undefined;
  for (let page = 0; page < pages && !found.isWhole; page += 1) {
    const body = { TimeRangeType: "Event", ...request, ...(next ? { NextToken: next } : {}) };
    const part: Read<typeof answer> = await post("TraceSummaries", body, answer, options);
    found.traces.push(...part.TraceSummaries);
    found.examined += part.TracesProcessedCount;
    next = part.NextToken;
    found.isWhole = next === undefined;
  }
  return found;
}
