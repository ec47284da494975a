/** A text cut into coloured pieces, whatever is wrong with it: for highlighting, brackets and completion. */
import { keywordOf } from "./keywords";

export type SpanKind =
  | "space"
  | "keyword"
  /** AND, OR, ! */
  | "joiner"
  | "operator"
  | "string"
  | "number"
  | "literal"
  | "mark"
  | "argument"
  | "unknown";

export interface Span {
  kind: SpanKind;
  from: number;
  to: number;
  text: string;
}

const PIECES =
  /([ \t\r\n]+)|("(?:[^"\\]|\\[\s\S])*"?)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))|([A-Za-z_][\w.]*(?:[:/-]+[\w.]+)*)|(!=|<=|>=|[=<>])|([(){}[\],:#])|(!)|([\s\S])/gy;

export function scan(text: string): Span[] {
  const spans: Span[] = [];
  let before: Span | undefined;
  for (const found of text.matchAll(PIECES)) {
    const [piece, space, string, number, word, comparison, mark, not] = found;
    const from = found.index;
    const add = (kind: SpanKind, length = piece.length, at = from) => {
      const span = { kind, from: at, to: at + length, text: text.slice(at, at + length) };
      spans.push(span);
      if (kind !== "space") before = span;
    };
    if (space) add("space");
    else if (string) add("string");
    else if (number) add("number");
    else if (word) addWord(word, from, before, add);
    else if (comparison) add("operator");
    else if (mark) add("mark");
    else add(not ? "joiner" : "unknown");
  }
  return spans;
}

function addWord(
  word: string,
  from: number,
  before: Span | undefined,
  add: (kind: SpanKind, length?: number, at?: number) => void,
): void {
  const isValue = before?.kind === "operator" && /^!?=$/.test(before.text);
  const name = /^[\w.]+/.exec(word)?.[0] ?? word;
  if (isValue) {
    add(/^(true|false)$/i.test(word) ? "literal" : "string");
    return;
  }
  // `name:` of `id(name: …)`: only a value may hold a colon.
  add(kindOf(name, before), name.length);
  if (name.length < word.length) add(word[name.length] === ":" ? "mark" : "unknown", 1, from + name.length);
  const rest = word.slice(name.length + 1);
  if (rest) add("unknown", rest.length, from + name.length + 1);
}

function kindOf(word: string, before: Span | undefined): SpanKind {
  if (/^(and|or)$/i.test(word)) return "joiner";
  if (/^(contains|beginswith|endswith)$/i.test(word)) return "operator";
  if (/^(true|false)$/i.test(word)) return "literal";
  if (before?.text === "(" || before?.text === ",") {
    if (/^(id|name|type|account\.id|accountid)$/i.test(word)) return "argument";
  }
  if (before?.text === "[") return "string";
  if (/^(source\.|destination\.)?annotation(\.|$)/i.test(word)) return "keyword";
  return keywordOf(word) ? "keyword" : "unknown";
}

const CLOSING: Record<string, string> = { "(": ")", "{": "}", "[": "]" };

/** The two brackets that belong together, when the caret stands before or after one of them. */
export function bracketsAt(spans: readonly Span[], caret: number): [Span, Span] | undefined {
  const open: Span[] = [];
  for (const span of spans) {
    if (span.kind !== "mark") continue;
    if (CLOSING[span.text]) open.push(span);
    else if (")}]".includes(span.text)) {
      const start = open.pop();
      if (!start || CLOSING[start.text] !== span.text) return undefined;
      const touches = [start, span].some(one => one.from === caret || one.to === caret);
      if (touches) return [start, span];
    }
  }
  return undefined;
}
