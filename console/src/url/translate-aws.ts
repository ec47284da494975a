/**
 * Links of the AWS console, so that one opens here after swapping the host (spec console.md 3). Both names of
 * CloudWatch's pages, `xray:` and the older `servicelens:`; parts we have nothing for are dropped with a note.
 * The forms are those of published links: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-deeplinks.html
 * has the X-Ray console's own, which are ours as they are.
 */
import { type AwsState, parseAwsState } from "./aws-state";
import { formatTimeRange } from "./time-range";

/** The hash of ours (without `#`) that shows the same, or undefined if `hash` is none of theirs. */
export function translateAws(hash: string, notes: string[]): string | undefined {
  const found = /^(?:xray|servicelens):([^?]*)(?:\?(.*))?$/s.exec(hash);
  if (!found) return undefined;
  const path = (found[1] ?? "").split("/").filter(Boolean).map(decode);
  const own = place(path, notes);
  const query = found[2] ?? "";
  const text = decode(query);
  const state = parseAwsState(text);
  if (state === undefined) {
    if (text.startsWith("~")) notes.push("the state behind ? of the AWS address is cut off or damaged");
    // The X-Ray console's own parameters, which are ours too.
    return text.startsWith("~") || query === "" ? own : `${own}?${query}`;
  }
  const params = parameters(state, own === "/service-map", notes);
  const written = new URLSearchParams(params).toString();
  return written ? `${own}?${written}` : own;
}

const SETTINGS: Record<string, string> = {
  groups: "/groups",
  "sampling-rules": "/sampling",
  encryption: "/settings/encryption",
  "resource-policies": "/settings/policies",
  "transaction-search": "/settings/indexing",
};

function place([page = "", second, ...rest]: string[], notes: string[]): string {
  const dropped = (from: (string | undefined)[]) => {
    const text = from.filter(part => part !== undefined).join("/");
    if (text) notes.push(`"${text}" of the AWS address has no counterpart here`);
  };
  switch (page) {
    case "traces": {
      dropped(rest);
      if (second === undefined || second === "query") return "/traces";
      return `/traces/${encodeURIComponent(second)}`;
    }
    case "map":
    case "service-map":
    case "":
      dropped([second === "map" ? undefined : second, ...rest]);
      return "/service-map";
    case "insights":
      dropped(rest);
      return second === undefined ? "/insights" : `/insights/${encodeURIComponent(second)}`;
    case "analytics":
      dropped([second, ...rest]);
      notes.push("analytics are part of the list of traces here");
      return "/traces";
    case "groups":
    case "sampling":
      dropped([second, ...rest]);
      return `/${page}`;
    case "settings": {
      const own = SETTINGS[second ?? "groups"];
      dropped(own ? rest : [second, ...rest]);
      return own ?? "/settings/encryption";
    }
    default:
      dropped([page, second, ...rest]);
      return "/service-map";
  }
}

/** What of `{query: {expression, filter: {node}}, context: {timeRange, xrayGroup}}` there is here. */
function parameters(state: AwsState, isMap: boolean, notes: string[]): [string, string][] {
  const { query, context, ...others } = members(state);
  const { expression, filter, ...otherQuery } = members(query);
  const { timeRange, xrayGroup, ...otherContext } = members(context);
  const { node, ...otherFilter } = members(filter);
  const params: [string, string][] = [];
  const clause = typeof expression === "string" ? expression.trim() : "";
  const selected = nodeOf(node);
  if (selected && isMap) params.push(["node", selected.map(escapePart).join("|")]);
  const filters = [
    typeof filter === "string" ? filter : "",
    clause,
    selected && !isMap ? ofNode(selected) : "",
  ];
  const all = filters.filter(Boolean);
  if (all.length > 0)
    params.push(["filter", all.length > 1 ? all.map(one => `(${one})`).join(" AND ") : all.join("")]);
  const range = rangeOf(timeRange);
  if (range) params.push(["timeRange", range]);
  if (typeof xrayGroup === "string" && xrayGroup) params.push(["group", xrayGroup]);
  const unknown = { ...others, ...otherQuery, ...otherContext, ...otherFilter };
  if (timeRange !== undefined && !range) unknown.timeRange = timeRange;
  if (node !== undefined && !selected) unknown.node = node;
  const names = Object.keys(unknown);
  if (names.length > 0) notes.push(`of the AWS address, ${names.join(", ")} has no counterpart here`);
  return params;
}

const members = (state: AwsState | undefined): Record<string, AwsState> =>
  typeof state === "object" && state !== null && !Array.isArray(state) ? state : {};

/** A length in milliseconds, alone or as `delta`; or start and end. */
function rangeOf(value: AwsState | undefined): string | undefined {
  const { delta, start, end } = members(value);
  const millis = typeof value === "number" ? value : delta;
  if (typeof millis === "number" && millis > 0) return formatTimeRange({ kind: "relative", millis });
  return typeof start === "string" && typeof end === "string" ? `${start}~${end}` : undefined;
}

/** Name and type; the node is written in the same notation once more. */
function nodeOf(value: AwsState | undefined): string[] | undefined {
  const inner = typeof value === "string" ? parseAwsState(value) : value;
  const { name, type } = members(inner);
  if (typeof name !== "string" || !name) return undefined;
  return typeof type === "string" && type ? [name, type] : [name];
}

const ofNode = ([name = "", type]: string[]): string =>
  type === undefined
    ? `service(${quoted(name)})`
    : `service(id(name: ${quoted(name)}, type: ${quoted(type)}))`;

const quoted = (text: string): string => `"${text.replace(/["\\]/g, character => `\\${character}`)}"`;

// As in address.ts: the separators of a node's key are escaped inside its parts.
const escapePart = (text: string): string =>
  text.replace(/[%|>,]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
