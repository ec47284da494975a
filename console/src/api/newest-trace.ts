/** The newest trace since a moment (`GetTraceSummaries`, spec api.md), for whoever waits for a first one. */
import { array, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

const summary = shape({ Id: string, EntryPoint: optional(shape({ Name: optional(string) })) });
const answer = shape({ TraceSummaries: withDefault(array(summary), []) });

export type NewTrace = Read<typeof summary>;

/** Times are seconds since the epoch; ids begin with the time, so the greatest is the newest. */
export async function newestTrace(since: number, options: CallOptions = {}): Promise<NewTrace | undefined> {
  const request = { StartTime: since, EndTime: Math.ceil(Date.now() / 1000) + 60 };
  const { TraceSummaries } = await post("TraceSummaries", request, answer, options);
  return TraceSummaries.reduce<NewTrace | undefined>(
    (newest, trace) => (newest && newest.Id >= trace.Id ? newest : trace),
    undefined,
  );
}
