/** Where this server takes traces and answers, as an application has to be told. */
import type { ServerInfo } from "./server";

export interface Addresses {
  /** Of the X-Ray API, without a slash at the end. */
  endpoint: string;
  /** `host:port` of the daemon port, UDP and TCP. */
  daemon: string;
  /** `http://host:port`; undefined where the server has none. */
  otlpGrpc: string | undefined;
  otlpHttp: string | undefined;
  region: string;
  /** The server can be reached from its own machine only. */
  isLoopback: boolean;
}

/** What every X-Ray SDK takes without being told. */
export const DEFAULT_DAEMON = "127.0.0.1:2000";

/** `api` is where this page found the API; it stands in for what a foreign server does not tell. */
export function addressesOf(server: ServerInfo | undefined, api: string): Addresses {
  const { hostname } = new URL(api);
  const told = server?.addresses;
  const url = (address: string | undefined) => address && `http://${reachable(address, hostname)}`;
  const daemon = told?.daemonUdp ? reachable(told.daemonUdp, hostname) : DEFAULT_DAEMON;
  return {
    endpoint: url(told?.http) ?? api.replace(/\/+$/, ""),
    daemon,
    otlpGrpc: url(told?.otlpGrpc),
    otlpHttp: url(told?.otlpHttp),
    region: server?.region ?? "us-east-1",
    isLoopback: /^(127\.|\[::1\]|localhost)/.test(daemon),
  };
}

/** A server that listens everywhere is called by the name this page was called by. */
const reachable = (address: string, hostname: string): string =>
  address.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, hostname);
