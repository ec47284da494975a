/** The words of filter expressions and where each may stand (spec filter-expressions.md 3). */

export type ValueType = "flag" | "number" | "text";
export type CauseKind = "fault" | "error" | "responsetime";
export type CausePart = "service" | "entity" | "exception";

/** What the words of an expression are about. */
export type Scope = "trace" | "service" | "edge" | `${CauseKind}.${CausePart}`;

export interface Keyword {
  readonly name: string;
  readonly type: ValueType | "service" | "edge" | "cause" | "json" | "group";
  /** Where it may stand; a scope, `block` for service and edge, or the end of root-cause scopes. */
  readonly places: readonly string[];
  /** In a line, for suggestions. */
  readonly help: string;
}

const EVERYWHERE = ["trace", "block"];
const word = (name: string, type: Keyword["type"], places: readonly string[], help: string): Keyword => ({
  name,
  type,
  places,
  help,
});

const causes = (["fault", "error", "responsetime"] as const).flatMap(kind => [
  word(`rootcause.${kind}.service`, "cause", ["trace"], `a service on the path of a ${kind} root cause`),
  word(`rootcause.${kind}.entity`, "cause", ["trace"], `an entity on the path of a ${kind} root cause`),
  word(`rootcause.${kind}.exception`, "cause", ["trace"], `an exception of a ${kind} root cause`),
  word(`rootcause.${kind}.json`, "json", ["trace"], `a ${kind} root cause of this form`),
]);

/** All but annotations; those that are wanted most come first. */
export const KEYWORDS: readonly Keyword[] = [
  word("fault", "flag", EVERYWHERE, "a server fault (5xx)"),
  word("error", "flag", EVERYWHERE, "a client error (4xx)"),
  word("throttle", "flag", EVERYWHERE, "throttled (429)"),
  word("ok", "flag", EVERYWHERE, "no error, throttle or fault"),
  word("responsetime", "number", EVERYWHERE, "seconds until the answer"),
  word("duration", "number", EVERYWHERE, "seconds until all work ended"),
  word("http.url", "text", EVERYWHERE, "URL of the request"),
  word("http.method", "text", EVERYWHERE, "method of the request"),
  word("http.status", "number", EVERYWHERE, "status of the response"),
  word("http.useragent", "text", EVERYWHERE, "user agent"),
  word("http.clientip", "text", EVERYWHERE, "address of the client"),
  word("user", "text", EVERYWHERE, "user of a segment"),
  word("service", "service", ["trace"], "passing through a service"),
  word("edge", "edge", ["trace"], "a call from one service to another"),
  word("group.name", "group", ["trace"], "the filter of a group"),
  word("group.arn", "group", ["trace"], "the filter of a group"),
  word("resource.arn", "text", EVERYWHERE, "AWS resource"),
  word("instance.id", "text", EVERYWHERE, "EC2 instance"),
  word("availabilityzone", "text", EVERYWHERE, "availability zone"),
  word("account.id", "text", [...EVERYWHERE, "cause.service"], "account of a node"),
  word("partial", "flag", EVERYWHERE, "something is in progress"),
  word("inferred", "flag", [...EVERYWHERE, "cause.service"], "an uninstrumented node"),
  ...causes,
  word("rootcause.json", "json", ["trace"], "a root cause of this form"),
  word("json", "json", ["trace"], "a root cause of this form"),
  word("root", "flag", ["block"], "the root segment"),
  word("name", "text", ["block", "cause"], "name of the node"),
  word("type", "text", ["block", "cause.service"], "type of the node"),
  word("first", "flag", ["cause"], "first of its list"),
  word("last", "flag", ["cause"], "last of its list"),
  word("index", "number", ["cause"], "position, from 0"),
  word("remote", "flag", ["cause.entity"], "a call to another service"),
  word("coverage", "number", ["responsetime.entity"], "share of the root's time"),
  word("message", "text", ["cause.exception"], "message of the exception"),
];

export const OPERATORS: Record<ValueType, readonly string[]> = {
  flag: ["=", "!="],
  number: [">", ">=", "<", "<=", "=", "!="],
  text: ["=", "!=", "CONTAINS", "BEGINSWITH", "ENDSWITH"],
};

const known = new Map(KEYWORDS.map(keyword => [keyword.name, keyword]));

/** The keyword written `text`, in any case. */
export const keywordOf = (text: string): Keyword | undefined => known.get(text.toLowerCase());

export function isAllowed(keyword: Keyword, scope: Scope): boolean {
  if (scope === "trace") return keyword.places.includes("trace");
  if (scope === "service" || scope === "edge") return keyword.places.includes("block");
  const part = scope.split(".")[1];
  return keyword.places.some(place => place === "cause" || place === `cause.${part}` || place === scope);
}

/** For error texts: `… is not allowed <here>`. */
export function describeScope(scope: Scope): string {
  switch (scope) {
    case "trace":
      return "outside a block";
    case "service":
      return "in a `service` block";
    case "edge":
      return "in an `edge` block";
    default:
      return "in this `rootcause` block";
  }
}

const OTHER_WORDS = [
  ...["AND", "OR", "CONTAINS", "BEGINSWITH", "ENDSWITH"],
  ...["annotation", "source.annotation", "destination.annotation"],
];

/** Words of other languages and of summaries: what is meant, or how it is said here. */
const HABITS: Record<string, string | { advice: string }> = {
  not: "!",
  coldstart: "annotation.ColdStart",
  in: { advice: "compare with `=` and join with `OR`" },
  like: { advice: "use `CONTAINS`, `BEGINSWITH` or `ENDSWITH`" },
  matches: { advice: "use `CONTAINS`, `BEGINSWITH` or `ENDSWITH`" },
  startswith: "BEGINSWITH",
  "http.code": "http.status",
  latency: "responsetime",
  hasfault: "fault",
  haserror: "error",
  hasthrottle: "throttle",
  ispartial: "partial",
  id: { advice: "`id(…)` stands in `service(…)` or `edge(…)`" },
};

/** What somebody who wrote `text` may have meant: a word in its place, or advice alone. */
export function meant(text: string): { word?: string; advice: string } | undefined {
  // Longer than any keyword and its typing errors.
  if (text.length > 48) return undefined;
  const written = text.toLowerCase();
  const habit = HABITS[written];
  if (typeof habit === "object") return habit;
  const found = habit ?? nearest(written);
  return found === undefined ? undefined : { word: found, advice: `did you mean \`${found}\`?` };
}

// The order in which equals are decided; "rootcause.fault" means its service.
const NAMES = [
  ...["ok", "error", "fault", "throttle", "partial", "inferred", "root", "first", "last", "remote"],
  ...KEYWORDS.map(keyword => keyword.name),
].filter((name, at, all) => all.indexOf(name) === at && name !== "rootcause.responsetime.exception");

function nearest(written: string): string | undefined {
  const names = [...NAMES, ...OTHER_WORDS];
  let least = Number.POSITIVE_INFINITY;
  let found: string | undefined;
  for (const name of names) {
    const errors = typingErrors(written, name.toLowerCase());
    // Equally far: the first in the alphabet, as the server decides.
    if (errors < least || (errors === least && found !== undefined && name < found)) {
      least = errors;
      found = name;
    }
  }
  if (least <= 1) return found;
  const part = names.find(name => name.endsWith(`.${written}`) || name.startsWith(`${written}.`));
  return part ?? (least <= Math.min(4, Math.max(1, Math.floor(written.length / 3))) ? found : undefined);
}

/** Insertions, deletions, replacements, and swaps of neighbours. */
function typingErrors(left: string, right: string): number {
  const rows = [Array.from({ length: right.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      const up = rows[i - 1] ?? [];
      let cost = Math.min((up[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (up[j - 1] ?? 0) + same);
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      if (isSwap) cost = Math.min(cost, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[left.length]?.[right.length] ?? 0;
}
