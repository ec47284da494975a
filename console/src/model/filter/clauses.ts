/** The parts of an expression that are joined by AND: chips show them, clicks add and remove them (spec console.md 6.2). */
import { FilterError, Lexer } from "./lexer";
import { parseFilter, type Syntax } from "./parse";

export interface Clause {
  text: string;
  /** UTF-16 offsets. */
  from: number;
  to: number;
  syntax: Syntax;
}

/** Undefined: the text is no expression. */
export function clausesOf(text: string): Clause[] | undefined {
  let syntax: Syntax | undefined;
  try {
    syntax = parseFilter(text);
  } catch (cause) {
    if (cause instanceof FilterError) return undefined;
    throw cause;
  }
  if (!syntax) return [];
  const parts = syntax.kind === "and" ? syntax.sides : [syntax];
  return parts.map(part => ({
    text: text.slice(part.from, part.to),
    from: part.from,
    to: part.to,
    syntax: part,
  }));
}

/** With one more clause; the same text if it says so already, and the clause alone for a text that is no expression. */
export function addClause(text: string, clause: string): string {
  const before = clausesOf(text);
  if (!before || before.length === 0) return clause;
  const wanted = canonical(bare(clause));
  if (before.some(one => canonical(bare(one.text)) === wanted)) return text;
  return joinClauses([...before.map(one => one.text), clause]);
}

export function removeClause(text: string, at: number): string {
  return joinClauses((clausesOf(text) ?? []).filter((_, index) => index !== at).map(one => one.text));
}

/** Joined by AND; a clause with an OR of its own is put into parentheses. */
export function joinClauses(clauses: readonly string[]): string {
  if (clauses.length < 2) return clauses[0] ?? "";
  return clauses
    .map(clause => {
      const [only, ...more] = clausesOf(clause) ?? [];
      return only?.syntax.kind === "or" && more.length === 0 ? `(${clause})` : clause;
    })
    .join(" AND ");
}

export function negate(clause: string): string {
  const [only, ...more] = clausesOf(clause) ?? [];
  if (!only || more.length > 0 || only.syntax.kind === "or") return `!(${clause})`;
  return only.syntax.kind === "not" ? clause.slice(only.syntax.inner.from) : `!${clause}`;
}

/** Without parentheses around the whole. */
function bare(clause: string): string {
  const [only, ...more] = clausesOf(clause) ?? [];
  if (more.length > 0 || only?.syntax.kind !== "parentheses") return clause;
  return clause.slice(only.syntax.inner.from, only.syntax.inner.to);
}

/** The text with all white space between tokens alike, to compare clauses by. */
export function canonical(text: string): string {
  const lexer = new Lexer(text);
  const parts: string[] = [];
  try {
    for (;;) {
      const token = lexer.next();
      if (token.kind === "end") return parts.join(" ");
      parts.push(token.kind === "word" ? token.text.toLowerCase() : token.text);
    }
  } catch {
    return text.trim();
  }
}

/** Which of `known` clauses a text asks for, one or several joined by OR. */
export function chosenOf(text: string, known: readonly string[]): string[] {
  return choiceOf(text, known)?.chosen ?? [];
}

/** With one of several alternatives added or taken away: `a`, `(a OR b)`, nothing. */
export function toggleChoice(text: string, clause: string, known: readonly string[]): string {
  const clauses = (clausesOf(text) ?? []).map(one => one.text);
  const found = choiceOf(text, known);
  if (!found) return addClause(text, clause);
  const wanted = canonical(clause);
  const has = found.chosen.some(one => canonical(one) === wanted);
  const chosen = has ? found.chosen.filter(one => canonical(one) !== wanted) : [...found.chosen, clause];
  clauses.splice(found.at, 1, ...(chosen.length > 0 ? [chosen.join(" OR ")] : []));
  return joinClauses(clauses);
}

/** Without the alternatives of `known`, and with `clause`. */
export function onlyChoice(text: string, clause: string, known: readonly string[]): string {
  const clauses = (clausesOf(text) ?? []).map(one => one.text);
  const found = choiceOf(text, known);
  if (!found) return addClause(text, clause);
  clauses.splice(found.at, 1, clause);
  return joinClauses(clauses);
}

function choiceOf(text: string, known: readonly string[]): { at: number; chosen: string[] } | undefined {
  const names = new Set(known.map(canonical));
  const clauses = clausesOf(text) ?? [];
  for (const [at, clause] of clauses.entries()) {
    let syntax = clause.syntax;
    if (syntax.kind === "parentheses") syntax = syntax.inner;
    const sides = syntax.kind === "or" ? syntax.sides : [syntax];
    const texts = sides.map(side => text.slice(side.from, side.to));
    if (texts.every(one => names.has(canonical(one)))) return { at, chosen: texts };
  }
  return undefined;
}

type Range = [number, number];

/** The response times, in seconds, that the clauses of a text leave; undefined if they leave all. */
export function responseTimeOf(text: string): Range | undefined {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  for (const clause of clausesOf(text) ?? []) {
    const bound = boundOf(clause);
    if (bound?.isLower) low = Math.max(low, bound.value);
    else if (bound) high = Math.min(high, bound.value);
  }
  return low === 0 && high === Number.POSITIVE_INFINITY ? undefined : [low, high];
}

/** With this range of response times in place of the one before. */
export function withResponseTime(text: string, range: readonly [number, number] | undefined): string {
  const others = (clausesOf(text) ?? []).filter(clause => !boundOf(clause)).map(clause => clause.text);
  return joinClauses([...others, ...(range ? responseTimeClauses(range) : [])]);
}

export function responseTimeClauses([low, high]: readonly [number, number]): string[] {
  const lower = low > 0 ? [`responsetime >= ${plain(low)}`] : [];
  return Number.isFinite(high) ? [...lower, `responsetime <= ${plain(high)}`] : lower;
}

const plain = (seconds: number): string => String(Number(seconds.toFixed(6)));

function boundOf({ syntax }: Clause): { isLower: boolean; value: number } | undefined {
  if (syntax.kind !== "is" || syntax.word.toLowerCase() !== "responsetime") return undefined;
  const operator = syntax.test?.operator[0];
  const value = syntax.test?.operand.value;
  if ((operator !== "<" && operator !== ">") || typeof value !== "number") return undefined;
  return { isLower: operator === ">", value };
}

/** A text as a string of the language. */
export const quote = (text: string): string =>
  `"${text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
    /["\\\u0000-\u001f]/g,
    character => ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )}"`;

const ESCAPES: Record<string, string> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** `annotation.key`, or with brackets and quotes where the key needs them. */
export function annotationWord(key: string): string {
  if (/^\w+$/.test(key)) return `annotation.${key}`;
  return `annotation[${/^[\w.]+$/.test(key) ? key : quote(key)}]`;
}

/** `service(id(name: "N", type: "T"))` (spec filter-expressions.md 10). */
export const serviceClause = (name: string, type?: string): string =>
  `service(id(name: ${quote(name)}${type ? `, type: ${quote(type)}` : ""}))`;

/** What plain words may have meant, as clauses: none for a text that is an expression, or begins one. */
export function readingsOf(text: string): { label: string; clause: string }[] {
  const words = text.trim();
  if (words === "" || clausesOf(words) !== undefined || /[=<>"(){}[\]#]/.test(words)) return [];
  const quoted = quote(words);
  return [
    { label: "Service", clause: `service(${quoted})` },
    { label: "URL contains", clause: `http.url CONTAINS ${quoted}` },
    { label: "User", clause: `user = ${quoted}` },
  ];
}
