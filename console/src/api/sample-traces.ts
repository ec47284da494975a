/** A sample of the traces that match, for previews and evidence: newest first, from few pages of `GetTraceSummaries`. */
import { list, optional, type Read, shape, string, withDefault } from "./check";
import type { CallOptions } from "./client";
import { getTraceSummaries, type SummariesRequest, type WireSummary } from "./trace-summaries";

const exception = shape({ Name: withDefault(string, ""), Message: optional(string) });
const entity = shape({ Name: withDefault(string, ""), Exceptions: list(exception) });
const causeService = shape({
  Name: withDefault(string, ""),
  Type: optional(string),
  EntityPath: list(entity),
});
const causes = list(shape({ Services: list(causeService) }));

export type TraceSample = Omit<WireSummary, "FaultRootCauses"> & { FaultRootCauses: Read<typeof causes> };

export interface SampledTraces {
  /** Newest first. */
  traces: TraceSample[];
  /** Traces looked at, matching or not. */
  examined: number;
  /** False: the pages allowed were used up before the start of the range. */
  isWhole: boolean;
}

/** Newest traces that were active in the range and match; reads `pages` pages at most. */
export async function sampleTraces(
  request: { StartTime: number; EndTime: number; FilterExpression?: string },
  pages: number,
  options: CallOptions = {},
): Promise<SampledTraces> {
  const found: SampledTraces = { traces: [], examined: 0, isWhole: false };
  let next: string | undefined;
  for (let page = 0; page < pages && !found.isWhole; page += 1) {
    const asked: SummariesRequest = {
      ...request,
      TimeRangeType: "Event",
      ...(next ? { NextToken: next } : {}),
    };
    const part = await getTraceSummaries(asked, options);
    found.traces.push(
      ...part.TraceSummaries.map(summary => ({
        ...summary,
        FaultRootCauses: causes(summary.FaultRootCauses, "FaultRootCauses"),
      })),
    );
    found.examined += part.TracesProcessedCount ?? 0;
    next = part.NextToken;
    found.isWhole = next === undefined;
  }
  return found;
}
