/**
 * Text to tokens (spec filter-expressions.md 1), on demand: what a word may contain depends on where it stands. Accepts
 * and refuses what the server does, with its words; positions are UTF-16 offsets, as the text field counts.
 */

export interface Token {
  kind: "word" | "string" | "number" | "json" | "comparison" | "mark" | "end";
  /** As written. */
  text: string;
  from: number;
  to: number;
  /** Of a string: without quotes and escapes; of a number or JSON literal: read. */
  value?: unknown;
}

/** Why a text is no expression. */
export class FilterError extends Error {
  constructor(
    readonly reason: string,
    /** UTF-16 offsets of what is wrong. */
    readonly from: number,
    readonly to: number,
    /** What to write instead. */
    readonly suggestion?: string,
  ) {
    super(reason);
    this.name = "FilterError";
  }
}

const SPACE = /[ \t\r\n]*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_.]*/y;
const BARE = /[A-Za-z_][A-Za-z0-9_.:/-]*/y;
const KEY = /[A-Za-z0-9_.]+/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![A-Za-z0-9_.])/y;
const NUMBER_LIKE = /-?[A-Za-z0-9_.]*/y;
const PLAIN = /[^"\\]*/y;

const WRONG_OPERATORS: Record<string, string> = {
  "==": "=",
  "=>": ">=",
  "=<": "<=",
  "=!": "!=",
  "=~": "CONTAINS",
  "<>": "!=",
};
const ESCAPES: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  '"': '"',
  "\\": "\\",
  "/": "/",
};

export class Lexer {
  at = 0;

  constructor(readonly text: string) {}

  next(): Token {
    this.match(SPACE);
    const from = this.at;
    const first = String.fromCodePoint(this.text.codePointAt(from) ?? 0);
    if (from >= this.text.length) return { kind: "end", text: "", from, to: from };
    if ("(){}[],:".includes(first)) return this.token("mark", from, from + 1);
    if ("!=<>".includes(first)) return this.comparison(from);
    if (first === '"') return this.string(from);
    if (first === "#") return this.json(from);
    if (/[-0-9]/.test(first)) return this.number(from);
    if (/[A-Za-z_]/.test(first)) {
      this.match(WORD);
      return this.token("word", from, this.at);
    }
    throw new FilterError(unexpected(first), from, from + first.length, INSTEAD[first]);
  }

  /** A bare word as a value, if one stands here. */
  bareWord(): Token | undefined {
    return this.special(BARE);
  }

  /** The key in `annotation[key]`, if it is not in quotes. */
  bracketWord(): Token | undefined {
    return this.special(KEY);
  }

  /** Where the next character stands, if there is one and it is not the wanted one. */
  beforeOtherThan(wanted: string): number | undefined {
    this.match(SPACE);
    return this.at < this.text.length && this.text[this.at] !== wanted ? this.at : undefined;
  }

  private special(pattern: RegExp): Token | undefined {
    this.match(SPACE);
    const from = this.at;
    return this.match(pattern) ? this.token("word", from, this.at) : undefined;
  }

  private token(kind: Token["kind"], from: number, to: number, value?: unknown): Token {
    this.at = to;
    return { kind, text: this.text.slice(from, to), from, to, ...(value === undefined ? {} : { value }) };
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private comparison(from: number): Token {
    const two = this.text.slice(from, from + 2);
    const right = WRONG_OPERATORS[two];
    if (right) {
      throw new FilterError(`\`${two}\` is not an operator, use \`${right}\``, from, from + 2, right);
    }
    if (two === "!=" || two === "<=" || two === ">=") return this.token("comparison", from, from + 2);
    return this.token(two[0] === "!" ? "mark" : "comparison", from, from + 1);
  }

  private number(from: number): Token {
    const text = this.match(NUMBER);
    if (text === "") {
      throw new FilterError("malformed number", from, from + Math.max(1, this.match(NUMBER_LIKE).length));
    }
    const value = Number(text);
    if (!Number.isFinite(value)) throw new FilterError("number out of range", from, this.at);
    return this.token("number", from, this.at, value);
  }

  private string(from: number): Token {
    this.at = from + 1;
    let value = this.match(PLAIN);
    while (this.at < this.text.length) {
      if (this.text[this.at] === '"') return this.token("string", from, this.at + 1, value);
      value += this.escape();
      value += this.match(PLAIN);
    }
    throw new FilterError("unterminated string", from, this.text.length);
  }

  private escape(): string {
    const at = this.at;
    const code = this.text.codePointAt(at + 1);
    this.at += 1;
    if (code === undefined) return "\\";
    const letter = String.fromCodePoint(code);
    this.at += letter.length;
    const plain = ESCAPES[letter];
    if (plain !== undefined) return plain;
    if (letter !== "u") throw new FilterError(`unknown escape \`\\${letter}\` in string`, at, this.at);
    const found =
      /^(?:[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?![dD][89a-fA-F])[0-9a-fA-F]{4})/.exec(
        this.text.slice(this.at),
      )?.[0];
    if (found === undefined) throw new FilterError("malformed `\\u` escape in string", at, this.at);
    this.at += found.length;
    return JSON.parse(`"\\u${found}"`);
  }

  private json(from: number): Token {
    const to = this.text[from + 1] === "[" ? endOfArray(this.text, from + 1) : undefined;
    try {
      if (to !== undefined) return this.token("json", from, to, JSON.parse(this.text.slice(from + 1, to)));
    } catch {
      // Said below.
    }
    throw new FilterError("bad JSON literal, expected `#[…]`", from, to ?? this.text.length);
  }
}

/** After the closing bracket of the array that begins at `from`. */
function endOfArray(text: string, from: number): number | undefined {
  let depth = 0;
  let isString = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (isString) {
      if (character === "\\") at += 1;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/** What may be meant by a character that begins nothing. */
const INSTEAD: Record<string, string> = { "&": "AND", "|": "OR", "'": '"' };

function unexpected(first: string): string {
  let advice = "";
  if (first === "&") advice = ", did you mean `AND`?";
  else if (first === "|") advice = ", did you mean `OR`?";
  else if ("'`“”„‘’".includes(first)) advice = ', strings stand in double quotes `"`';
  else if ("+.".includes(first)) advice = ", a number begins with a digit or `-`";
  return `unexpected character \`${first}\`${advice}`;
}
