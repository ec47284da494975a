/** `/api/v1/daemons` (docs/console-api.md): the agents that report, newest report first. */
import { array, number, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, get } from "./client";

const count = withDefault(number, 0);

const errors = shape({
  timeout: count,
  connectionRefused: count,
  http4xx: count,
  http5xx: count,
  unknownHost: count,
  other: count,
});

const counts = shape({
  segmentsReceived: count,
  segmentsSent: count,
  segmentsSpilled: count,
  segmentsRejected: count,
  connectionErrors: errors,
});

const daemon = shape({
  hostname: optional(string),
  instanceId: optional(string),
  resourceArn: optional(string),
  lastReportUnixNanos: string,
  totals: counts,
  records: withDefault(array(shape({ timestampUnixNanos: string, counts })), []),
});

const answer = shape({ daemons: withDefault(array(daemon), []) });

export type Daemon = Read<typeof daemon>;
export type DaemonCounts = Read<typeof counts>;
export type ConnectionErrors = Read<typeof errors>;

export const getDaemons = async (options: CallOptions = {}): Promise<Daemon[]> =>
  (await get("api/v1/daemons", answer, options)).daemons;
