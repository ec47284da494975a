/** The filter expressions that choosing things on the map stands for (spec filter-expressions.md 10). */
import type { RequestClass } from "./counts";
import type { NodeIdentity } from "./graph";

export interface Narrowing {
  /** Classes that are ticked; all or none of them narrow nothing. */
  classes?: ReadonlySet<RequestClass>;
  /** Response times in seconds, ends included. */
  responseTime?: readonly [number, number] | undefined;
}

const CLASSES: readonly RequestClass[] = ["fault", "error", "throttle", "ok"];

/** `id(name: "N", type: "T")`; no `type` where there is none. */
export function idSelector({ name, type }: NodeIdentity): string {
  return `id(name: ${quote(name)}${type ? `, type: ${quote(type)}` : ""})`;
}

export const nodeFilter = (node: NodeIdentity, narrowing: Narrowing = {}): string =>
  `service(${idSelector(node)})${block(narrowing)}`;

export const edgeFilter = (from: NodeIdentity, to: NodeIdentity, narrowing: Narrowing = {}): string =>
  `edge(${idSelector(from)}, ${idSelector(to)})${block(narrowing)}`;

function block({ classes, responseTime }: Narrowing): string {
  const ticked = classes ? CLASSES.filter(of => classes.has(of)) : [];
  const isNarrower = ticked.length > 0 && ticked.length < CLASSES.length;
  const either = isNarrower ? ticked.join(" OR ") : "";
  const range = responseTime
    ? `responsetime >= ${plain(responseTime[0])} AND responsetime <= ${plain(responseTime[1])}`
    : "";
  if (!either && !range) return "";
  if (!range) return ` { ${either} }`;
  const first = ticked.length > 1 && either ? `(${either})` : either;
  return ` { ${[first, range].filter(Boolean).join(" AND ")} }`;
}

/** A string literal: quotes, backslashes and control characters escaped. */
const quote = (text: string): string =>
  `"${text.replace(/["\\]/g, "\\$&").replace(CONTROL, control => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
  })}"`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** To the microsecond, which is never written with an exponent. */
const plain = (seconds: number): string => String(Number(seconds.toFixed(6)));
