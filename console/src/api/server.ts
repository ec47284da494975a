/** `/api/v1/server` (docs/console-api.md): what the server is, where it listens, what it holds. */
import { boolean, number, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, get } from "./client";

const server = shape({
  version: string,
  accountId: optional(string),
  region: optional(string),
  nowUnixNanos: string,
  addresses: shape({
    http: string,
    daemonUdp: string,
    daemonTcp: string,
    otlpGrpc: optional(string),
    otlpHttp: optional(string),
  }),
  storage: shape({
    hasTraces: withDefault(boolean, false),
    newestTraceUnixNanos: optional(string),
    oldestTraceUnixNanos: optional(string),
    bytes: withDefault(number, 0),
    liveTraces: withDefault(number, 0),
    blocks: withDefault(number, 0),
    retentionDays: optional(number),
  }),
  features: shape({
    otlp: withDefault(boolean, false),
    encryptionKeys: withDefault(boolean, false),
    demo: withDefault(boolean, false),
    strictLimits: withDefault(boolean, false),
  }),
});

export type ServerInfo = Read<typeof server>;

export const getServer = (options: CallOptions = {}): Promise<ServerInfo> =>
  get("api/v1/server", server, options);
