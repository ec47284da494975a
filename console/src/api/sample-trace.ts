/** `/api/v1/sample-trace` (docs/console-api.md). */
import { shape, string } from "./check";
import { type CallOptions, post } from "./client";

const answer = shape({ traceId: string });

/** Has the server send itself one small trace; its id. */
export const sendSampleTrace = async (options: CallOptions = {}): Promise<string> =>
  (await post("api/v1/sample-trace", {}, answer, options)).traceId;
