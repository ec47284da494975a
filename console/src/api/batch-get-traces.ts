/** `BatchGetTraces` (spec api.md; segments.md 8), for one trace. */
import { array, boolean, number, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

const trace = shape({
  Id: string,
  Duration: optional(number),
  LimitExceeded: withDefault(boolean, false),
  Segments: withDefault(array(shape({ Id: withDefault(string, ""), Document: string })), []),
});

const answer = shape({
  Traces: withDefault(array(trace), []),
  UnprocessedTraceIds: withDefault(array(string), []),
  NextToken: optional(string),
});

export type WireTrace = Read<typeof trace>;

/** All pages of one trace; undefined if the server has none of that id. */
export async function batchGetTrace(id: string, options: CallOptions = {}): Promise<WireTrace | undefined> {
  let whole: WireTrace | undefined;
  let next: string | undefined;
  do {
    const body = next === undefined ? { TraceIds: [id] } : { TraceIds: [id], NextToken: next };
    const page: Read<typeof answer> = await post("Traces", body, answer, options);
    for (const part of page.Traces) {
      if (!whole) whole = part;
      else whole.Segments.push(...part.Segments);
    }
    next = page.NextToken;
  } while (next !== undefined);
  return whole;
}
