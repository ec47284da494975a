/** `PutTraceSegments` (spec api.md). */
import { array, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

const refused = shape({ Id: optional(string), ErrorCode: optional(string), Message: optional(string) });
const answer = shape({ UnprocessedTraceSegments: withDefault(array(refused), []) });

export type RefusedSegment = Read<typeof refused>;

/** Sends segment documents (JSON text each); those that were not taken. */
export const putTraceSegments = async (
  TraceSegmentDocuments: string[],
  options: CallOptions = {},
): Promise<RefusedSegment[]> =>
  (await post("TraceSegments", { TraceSegmentDocuments }, answer, options)).UnprocessedTraceSegments;
