/** What may come next where the caret stands (spec console.md 6.2). */

import { annotationWord, quote } from "./clauses";
import { isAllowed, KEYWORDS, keywordOf, OPERATORS, type Scope } from "./keywords";
import { type Span, scan } from "./scan";

export interface Suggestion {
  /** What is shown, and looked for. */
  label: string;
  /** What takes the place of `from` to `to`. */
  insert: string;
  help?: string;
  count?: number;
}

export interface Expected {
  /** What a suggestion replaces. */
  from: number;
  to: number;
  /** What is written of it already. */
  prefix: string;
  suggestions: Suggestion[];
  /** What to ask the server for, as `key` of its facets; `groups`: names of groups. */
  wanted?: { key: string } | "groups" | "annotation keys";
}

/** Keys of facets by keyword. */
const FACETS: Record<string, string> = {
  "http.url": "url",
  "http.method": "method",
  "http.status": "status",
  user: "user",
  "resource.arn": "resourceArn",
  "instance.id": "instance",
  availabilityzone: "zone",
  name: "service",
};

export function expectedAt(text: string, caret: number): Expected {
  const spans = scan(text.slice(0, caret)).filter(span => span.kind !== "space");
  const last = spans.at(-1);
  const isInside = last !== undefined && last.to === caret && isUnfinished(last);
  const before = isInside ? spans.slice(0, -1) : spans;
  const prefix = isInside ? last.text : "";
  const place = { from: caret - prefix.length, to: endOf(text, caret, isInside ? last : undefined), prefix };
  const previous = before.at(-1);
  const scope = scopeOf(before);
  const bracket = openBracket(before);
  if (bracket?.text === "(" && isSelector(before, bracket)) return entity(place, previous);
  if (previous?.text === "[" && isAnnotation(before.at(-2)))
    return { ...place, suggestions: [], wanted: "annotation keys" };
  if (previous?.kind === "operator") return values(place, before);
  const subject = subjectBefore(before);
  if (subject !== undefined && !isInside) return operators(place, subject);
  if (subject !== undefined && !/^[A-Za-z]/.test(prefix)) return operators(place, subject);
  const joiners = subject === undefined && needsJoiner(before) ? JOINERS : [];
  return keywords(place, scope, subject === undefined ? joiners : [...textOperators(subject), ...JOINERS]);
}

const JOINERS: Suggestion[] = [
  { label: "AND", insert: "AND ", help: "both" },
  { label: "OR", insert: "OR ", help: "either" },
];

type Place = Pick<Expected, "from" | "to" | "prefix">;

function keywords(place: Place, scope: Scope, more: Suggestion[]): Expected {
  if (/^annotation[.[]/i.test(place.prefix)) return { ...place, suggestions: [], wanted: "annotation keys" };
  const own = KEYWORDS.filter(keyword => isAllowed(keyword, scope)).map(({ name, type, help }) => ({
    label: name,
    insert: type === "service" ? 'service("' : type === "edge" ? 'edge("' : `${name} `,
    help,
  }));
  const annotation = { label: "annotation", insert: "annotation.", help: "an annotation of your code" };
  own.splice(9, 0, annotation);
  return { ...place, suggestions: matching([...more, ...own], place.prefix) };
}

function operators(place: Place, subject: string): Expected {
  const keyword = keywordOf(subject);
  const type = keyword?.type === "number" || keyword?.type === "flag" ? keyword.type : "text";
  if (keyword && !["flag", "number", "text", "group", "json"].includes(keyword.type)) {
    return {
      ...place,
      suggestions: matching(
        [{ label: "{", insert: "{ ", help: "with conditions" }, ...JOINERS],
        place.prefix,
      ),
    };
  }
  const known = isAnnotationWord(subject) ? ["=", "!=", ">", "<", "CONTAINS", "BEGINSWITH"] : OPERATORS[type];
  const own = known.map(operator => ({ label: operator, insert: `${operator} ` }));
  return { ...place, suggestions: matching([...own, ...JOINERS], place.prefix) };
}

const textOperators = (subject: string): Suggestion[] => {
  const type = keywordOf(subject)?.type;
  if (type !== "text" && !isAnnotationWord(subject)) return [];
  return OPERATORS.text
    .filter(operator => /^[A-Z]/.test(operator))
    .map(operator => ({ label: operator, insert: `${operator} ` }));
};

function values(place: Place, before: readonly Span[]): Expected {
  const subject = subjectBefore(before.slice(0, -1)) ?? "";
  const keyword = keywordOf(subject);
  if (keyword?.type === "flag") {
    const own = ["true", "false"].map(value => ({ label: value, insert: `${value} ` }));
    return { ...place, suggestions: matching(own, place.prefix) };
  }
  if (keyword?.type === "group") return { ...place, suggestions: [], wanted: "groups" };
  const key = isAnnotationWord(subject) ? subject : FACETS[subject.toLowerCase()];
  return { ...place, suggestions: [], ...(key ? { wanted: { key } } : {}) };
}

function entity(place: Place, previous: Span | undefined): Expected {
  if (previous?.text === "(" || previous?.text === "," || previous?.text === ":") {
    return { ...place, suggestions: [], wanted: { key: "service" } };
  }
  return { ...place, suggestions: [] };
}

/** The keyword or `annotation.key` that stands before an operator. */
function subjectBefore(before: readonly Span[]): string | undefined {
  const last = before.at(-1);
  if (last?.kind === "keyword") return last.text;
  if (last?.text === ")") {
    // `service(…)`: the word before its bracket.
    const at = before.map(span => span.text).lastIndexOf("(");
    const word = before[at - 1];
    return word && /^(service|edge)$/i.test(word.text) ? word.text : undefined;
  }
  if (last?.text === "]" && isAnnotation(before.at(-4))) {
    const key = before.at(-2)?.text ?? "";
    return `annotation.${key.startsWith('"') ? readString(key) : key}`;
  }
  return undefined;
}

/** Something complete stands before: only AND, OR or (by juxtaposition) another condition may follow. */
function needsJoiner(before: readonly Span[]): boolean {
  const last = before.at(-1);
  if (!last || last.kind === "joiner" || last.kind === "operator") return false;
  return !"({[,:".includes(last.text) || last.kind !== "mark";
}

function openBracket(before: readonly Span[]): Span | undefined {
  const open: Span[] = [];
  for (const span of before) {
    if (span.kind !== "mark") continue;
    if ("({[".includes(span.text)) open.push(span);
    else if (")}]".includes(span.text)) open.pop();
  }
  return open.at(-1);
}

const isSelector = (before: readonly Span[], bracket: Span): boolean =>
  /^(service|edge|id)$/i.test(before[before.indexOf(bracket) - 1]?.text ?? "");

function scopeOf(before: readonly Span[]): Scope {
  const open: number[] = [];
  before.forEach((span, at) => {
    if (span.text === "{") open.push(at);
    else if (span.text === "}") open.pop();
  });
  const at = open.at(-1);
  if (at === undefined) return "trace";
  for (let index = at - 1; index >= 0; index--) {
    const text = before[index]?.text.toLowerCase() ?? "";
    if (text === "service" || text === "edge") return text;
    if (text.startsWith("rootcause.")) return text.slice("rootcause.".length) as Scope;
  }
  return "trace";
}

const isAnnotation = (span: Span | undefined): boolean =>
  /^(source\.|destination\.)?annotation$/i.test(span?.text ?? "");
const isAnnotationWord = (text: string): boolean => /^(source\.|destination\.)?annotation\./i.test(text);

/** A word or an open string that the caret is at the end of. */
const isUnfinished = ({ kind, text }: Span): boolean =>
  text.startsWith('"') ? !isClosed(text) : /^[A-Za-z_]/.test(text) || !["mark", "operator"].includes(kind);

const isClosed = (text: string): boolean => text.length > 1 && /(^|[^\\])(\\\\)*"$/.test(text.slice(1));

/** A suggestion replaces the rest of the word, or of the string, as well. */
function endOf(text: string, caret: number, inside: Span | undefined): number {
  if (!inside) return caret;
  const rest = text.slice(caret);
  const found = inside.text.startsWith('"') ? /^[^"\s(){}]*"/.exec(rest) : /^[\w.]*/.exec(rest);
  return caret + (found?.[0].length ?? 0);
}

/** Those that begin with `prefix`, then those that have it inside. */
export function matching<T extends { label: string }>(all: readonly T[], prefix: string): T[] {
  const wanted = prefix.toLowerCase();
  const at = (one: T) => one.label.toLowerCase().indexOf(wanted);
  return [...all.filter(one => at(one) === 0), ...all.filter(one => at(one) > 0)];
}

/** Values of a facet as suggestions for this place. */
export function valueSuggestions(
  expected: Expected,
  values: readonly { value: string; count: number; filter?: string }[],
): Suggestion[] {
  const isSelectorValue = typeof expected.wanted === "object" && expected.wanted.key === "service";
  const prefix = expected.prefix.startsWith('"') ? readString(expected.prefix) : expected.prefix;
  const own = values.map(({ value, count, filter }) => ({
    label: value,
    // The server says how a value is written: numbers and truth values have no quotes.
    insert: isSelectorValue ? quote(value) : `${literalOf(filter) ?? quote(value)} `,
    count,
  }));
  return matching(own, prefix);
}

const literalOf = (filter: string | undefined): string | undefined =>
  /(?:^|[^!<>=])= ?(-?[\d.]+(?:[eE][+-]?\d+)?|true|false)$/.exec(filter ?? "")?.[1];

export function annotationSuggestions(
  expected: Expected,
  keys: readonly { key: string; count: number }[],
): Suggestion[] {
  const isBracket = !/^annotation/i.test(expected.prefix);
  const prefix = expected.prefix.replace(/^annotation[.[]?/i, "");
  const own = keys.map(({ key, count }) => ({
    label: key,
    insert: isBracket ? `${/^[\w.]+$/.test(key) ? key : quote(key)}] ` : `${annotationWord(key)} `,
    count,
  }));
  return matching(own, prefix);
}

function readString(text: string): string {
  const inner = text.replace(/^"/, "").replace(/"$/, "");
  try {
    return String(JSON.parse(`"${inner}"`));
  } catch {
    return inner;
  }
}
