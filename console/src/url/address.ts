/**
 * The address is the whole shareable state (spec console.md 3). Reading one never fails: a bad value
 * falls back to its default and leaves a note; writing and reading again gives the same state.
 */
import { DEFAULT_RANGE, formatTimeRange, parseTimeRange, type TimeRange } from "./time-range";
import { readTraceId } from "./trace-id";
import { translateAws } from "./translate-aws";

export const TRACE_VIEWS = ["timeline", "map", "raw"] as const;
export type TraceView = (typeof TRACE_VIEWS)[number];

export const SETTINGS_SECTIONS = ["encryption", "policies", "indexing", "tags", "preferences"] as const;
export type SettingsSection = (typeof SETTINGS_SECTIONS)[number];

export type Route =
  | { page: "home" }
  | { page: "welcome" }
  | { page: "getting-started" }
  | { page: "service-map" }
  | { page: "traces" }
  | { page: "trace"; id: string; view: TraceView }
  | { page: "insights" }
  | { page: "insight"; id: string }
  | { page: "groups"; name?: string }
  | { page: "sampling"; rule?: string }
  | { page: "settings"; section: SettingsSection }
  | { page: "daemons" }
  | { page: "unknown"; path: string };

export type PageName = Route["page"];

/** A node's identity: name, type, account. */
export interface NodeKey {
  name: string;
  type?: string;
  account?: string;
}

/** Every parameter but `timeRange` and `tz` is absent unless given. */
export interface Params {
  filter?: string;
  timeRange: TimeRange;
  group?: string;
  account?: string;
  segment?: string;
  tab?: string;
  node?: NodeKey;
  edge?: [NodeKey, NodeKey];
  /** Response time in seconds: from, to. */
  rt?: [number, number];
  sort?: string;
  cols?: string[];
  by?: string[];
  view?: string;
  q?: string;
  tz: "utc" | "local";
}

export interface Address {
  route: Route;
  params: Params;
}

export interface Parsed {
  address: Address;
  /** What was not understood, in words. */
  notes: string[];
}

/** `zone` is what an address without `tz` means: the reader's preference. */
export function parseAddress(hash: string, zone: Params["tz"] = "local"): Parsed {
  const notes: string[] = [];
  const text = hash.replace(/^#/, "");
  const own = translateAws(text, notes) ?? text;
  const [path, query] = split(own, "?");
  const route = parseRoute(path, notes);
  return { address: { route, params: parseParams(query, zone, notes) }, notes };
}

/**
 * The part of the address from `#` on. Local time of a writer whose preference (`zone`) it is goes without
 * saying; UTC is written always, so that whom it is sent to sees the same.
 */
export function formatAddress({ route, params }: Address, zone: Params["tz"] = "local"): string {
  const query = formatParams(params, zone);
  return `#${formatRoute(route)}${query ? `?${query}` : ""}`;
}

function parseRoute(path: string, notes: string[]): Route {
  const [first = "", ...rest] = path.split("/").filter(Boolean).map(decode);
  const [second, third] = rest;
  switch (first) {
    case "":
      return { page: "home" };
    case "welcome":
    case "getting-started":
    case "service-map":
    case "daemons":
      return { page: first };
    case "traces":
      return second === undefined ? { page: "traces" } : traceRoute(second, third, notes);
    case "insights":
      return second === undefined ? { page: "insights" } : { page: "insight", id: second };
    case "groups":
      return second === undefined ? { page: "groups" } : { page: "groups", name: second };
    case "sampling":
      return second === undefined ? { page: "sampling" } : { page: "sampling", rule: second };
    case "settings":
      return {
        page: "settings",
        section: oneOf(SETTINGS_SECTIONS, second, "encryption", "settings page", notes),
      };
    default:
      return { page: "unknown", path };
  }
}

function traceRoute(text: string, view: string | undefined, notes: string[]): Route {
  const id = readTraceId(text);
  if (id === undefined) {
    notes.push(`"${text}" is no trace id; this is the list of traces instead`);
    return { page: "traces" };
  }
  return { page: "trace", id, view: oneOf(TRACE_VIEWS, view, "timeline", "view", notes) };
}

export function formatRoute(route: Route): string {
  const part = encodeURIComponent;
  switch (route.page) {
    case "home":
      return "/";
    case "trace":
      return `/traces/${route.id}${route.view === "timeline" ? "" : `/${route.view}`}`;
    case "insight":
      return `/insights/${part(route.id)}`;
    case "groups":
      return route.name === undefined ? "/groups" : `/groups/${part(route.name)}`;
    case "sampling":
      return route.rule === undefined ? "/sampling" : `/sampling/${part(route.rule)}`;
    case "settings":
      return `/settings/${route.section}`;
    case "unknown":
      return route.path.startsWith("/") ? route.path : `/${route.path}`;
    default:
      return `/${route.page}`;
  }
}

function parseParams(query: string, zone: Params["tz"], notes: string[]): Params {
  const given = new URLSearchParams(query);
  const params: Params = { timeRange: DEFAULT_RANGE, tz: zone };
  const bad = (name: string, instead: string) => {
    notes.push(`"${given.get(name)}" is no ${name}; ${instead}`);
  };
  for (const name of ["filter", "group", "account", "segment", "tab", "sort", "view", "q"] as const) {
    const value = given.get(name);
    if (value) params[name] = value;
  }
  for (const name of ["cols", "by"] as const) {
    const value = given.get(name);
    if (value) params[name] = value.split(",").map(decode).filter(Boolean);
  }
  if (given.has("timeRange")) {
    const range = parseTimeRange(given.get("timeRange") ?? "");
    if (range) params.timeRange = range;
    else bad("timeRange", "the last 15 minutes are shown");
  }
  if (given.has("tz")) {
    const wanted = given.get("tz");
    if (wanted === "utc" || wanted === "local") params.tz = wanted;
    else bad("tz", zone === "utc" ? "times are UTC" : "times are local");
  }
  if (given.has("rt")) {
    const range = parseSeconds(given.get("rt") ?? "");
    if (range) params.rt = range;
    else bad("rt", "all response times are shown");
  }
  if (given.has("node")) {
    const node = parseNode(given.get("node") ?? "");
    if (node) params.node = node;
    else bad("node", "no node is selected");
  }
  if (given.has("edge")) {
    const ends = (given.get("edge") ?? "").split(">").map(parseNode);
    const [from, to] = ends;
    if (ends.length === 2 && from && to) params.edge = [from, to];
    else bad("edge", "no edge is selected");
  }
  return params;
}

export function formatParams(params: Params, zone: Params["tz"] = "local"): string {
  const text = new URLSearchParams();
  const set = (name: string, value: string | undefined) => {
    if (value) text.set(name, value);
  };
  set("filter", params.filter);
  const isDefault = JSON.stringify(params.timeRange) === JSON.stringify(DEFAULT_RANGE);
  set("timeRange", isDefault ? undefined : formatTimeRange(params.timeRange));
  for (const name of ["group", "account", "segment", "tab", "sort", "view", "q"] as const)
    set(name, params[name]);
  for (const name of ["cols", "by"] as const) set(name, params[name]?.map(encodePart).join(","));
  set("node", params.node && formatNode(params.node));
  set("edge", params.edge?.map(formatNode).join(">"));
  set("rt", params.rt?.join("~"));
  set("tz", params.tz === "local" && zone === "local" ? undefined : params.tz);
  return text.toString();
}

function parseSeconds(text: string): [number, number] | undefined {
  const [from, to] = text.split("~").map(part => (part.trim() === "" ? Number.NaN : Number(part)));
  if (from === undefined || to === undefined || !(from >= 0) || !(to >= from)) return undefined;
  return Number.isFinite(to) ? [from, to] : undefined;
}

// Names may hold any character: the three separators of a key are escaped inside its parts.
export const formatNode = (node: NodeKey): string => {
  const parts = [node.name, node.type ?? "", node.account ?? ""].map(encodePart);
  while (parts.length > 1 && parts[parts.length - 1] === "") parts.pop();
  return parts.join("|");
};

export function parseNode(text: string): NodeKey | undefined {
  const parts = text.split("|").map(decode);
  const [name, type, account] = parts;
  if (!name || parts.length > 3) return undefined;
  return { name, ...(type ? { type } : {}), ...(account ? { account } : {}) };
}

const encodePart = (text: string): string =>
  text.replace(/[%|>,]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function oneOf<T extends string>(
  known: readonly T[],
  found: string | undefined,
  otherwise: T,
  what: string,
  notes: string[],
): T {
  if (found === undefined) return otherwise;
  const match = known.find(value => value === found);
  if (match === undefined) notes.push(`there is no ${what} "${found}"; this is "${otherwise}"`);
  return match ?? otherwise;
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}
