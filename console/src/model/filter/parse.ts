/**
 * Filter expressions as the server reads them (spec filter-expressions.md 2 to 6): the console knows what is wrong before it
 * asks, and where each clause stands. Held against the server's own case files by parse.test.ts.
 */
import {
  type CauseKind,
  type CausePart,
  describeScope,
  isAllowed,
  type Keyword,
  keywordOf,
  meant,
  type Scope,
} from "./keywords";
import { FilterError, Lexer, type Token } from "./lexer";

/** A part of the text; offsets are UTF-16. */
interface Place {
  from: number;
  to: number;
}

export type Syntax = Place &
  (
    | { kind: "and" | "or"; sides: Syntax[] }
    | { kind: "not"; inner: Syntax }
    | { kind: "parentheses"; inner: Syntax }
    | Predicate
  );

export interface Predicate extends Place {
  kind: "is";
  /** As written, without brackets: `responsetime`, `annotation`. */
  word: string;
  /** Of annotations: `{place, key}`. */
  annotation?: { place: "own" | "source" | "destination"; key: string };
  test?: { operator: string; operatorFrom: number; operand: Token };
  /** Of `service(…)` and `edge(…)`: what is asked for, `{}` matches all. */
  entities?: Entity[];
  block?: Syntax;
}

export interface Entity {
  name?: string;
  type?: string;
  account?: string;
}

const BYTES_MAX = 8_192;
const DEPTH_MAX = 64;
const PREDICATES_MAX = 256;

/** Undefined: an empty text, which matches everything. Throws a `FilterError`. */
export function parseFilter(text: string): Syntax | undefined {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > BYTES_MAX) {
    throw new FilterError(
      `expression is longer than ${BYTES_MAX} bytes`,
      Math.min(text.length, BYTES_MAX),
      text.length,
    );
  }
  const parser = new Parser(new Lexer(text));
  const syntax = parser.whole();
  if (syntax) check(syntax, "trace");
  return syntax;
}

/** What is wrong with a text, if anything. */
export function filterErrorOf(text: string): FilterError | undefined {
  try {
    parseFilter(text);
    return undefined;
  } catch (cause) {
    if (cause instanceof FilterError) return cause;
    throw cause;
  }
}

const CONDITION = "expected a condition, found {}";
const JOINED = "expected `AND`, `OR` or a condition, found {}";
const VALUE = "expected a value, found {}";

class Parser {
  private ahead: Token;
  private end = 0;
  private depth = 0;
  private predicates = 0;

  constructor(private readonly lexer: Lexer) {
    this.ahead = lexer.next();
  }

  whole(): Syntax | undefined {
    if (this.isEnd()) return undefined;
    const syntax = this.or();
    if (!this.isEnd()) throw this.unexpected();
    return syntax;
  }

  private or(): Syntax {
    const sides = [this.and()];
    while (this.isWord("OR")) {
      this.advance();
      sides.push(this.and());
    }
    return joined("or", sides);
  }

  private and(): Syntax {
    const sides = [this.unary()];
    for (;;) {
      const { kind, text } = this.ahead;
      const begins = kind === "word" ? !this.isWord("OR") : kind === "mark" && (text === "!" || text === "(");
      if (!begins) return joined("and", sides);
      if (this.isWord("AND")) this.advance();
      sides.push(this.unary());
    }
  }

  private unary(): Syntax {
    const { kind, text, from } = this.ahead;
    if (kind === "mark" && text === "!") {
      this.enter();
      this.advance();
      const inner = this.unary();
      this.depth -= 1;
      return { kind: "not", inner, from, to: this.end };
    }
    if (kind === "mark" && text === "(") {
      const inner = this.enclosed("(", ")");
      return { kind: "parentheses", inner, from, to: this.end };
    }
    if (kind === "word") return isReserved(text) ? this.fail(CONDITION) : this.predicate();
    if (kind === "mark" && ")}]".includes(text) && this.depth === 0) throw this.unexpected();
    return this.fail(CONDITION);
  }

  private enclosed(opening: string, closing: string): Syntax {
    const at = this.ahead.from;
    this.enter();
    this.advance();
    if (this.ahead.kind === "end") throw this.neverClosed(opening, at);
    const inner = this.or();
    this.close(opening, closing, at);
    this.depth -= 1;
    return inner;
  }

  private predicate(): Predicate {
    const { text, from, to } = this.ahead;
    this.predicates += 1;
    if (this.predicates > PREDICATES_MAX) {
      throw new FilterError(`more than ${PREDICATES_MAX} conditions`, from, to);
    }
    const found = /^(source\.|destination\.)?annotation(?:\.(.*))?$/i.exec(text);
    const parts = found
      ? this.annotation(found[1]?.slice(0, -1).toLowerCase() as "source" | undefined, found[2])
      : this.keyword();
    return { kind: "is", word: text, ...parts, from, to: this.end };
  }

  private keyword(): Partial<Predicate> {
    const { text, from, to } = this.ahead;
    const keyword = keywordOf(text);
    if (!keyword) {
      const better = meant(text);
      const advice = better ? `, ${better.advice}` : "";
      throw new FilterError(`unknown keyword ${excerpt(text)}${advice}`, from, to, better?.word);
    }
    this.advance();
    switch (keyword.type) {
      case "service":
        return { entities: this.serviceEntity(), ...this.block() };
      case "edge":
        return { entities: this.edgeEntities(), ...this.block() };
      case "cause":
        return this.block();
      default:
        return this.test();
    }
  }

  private annotation(
    place: "source" | "destination" | undefined,
    dotted: string | undefined,
  ): Partial<Predicate> {
    const { from, to } = this.ahead;
    const named = (key: string) => ({
      annotation: { place: place ?? ("own" as const), key },
      ...this.test(),
    });
    if (dotted !== undefined) {
      if (dotted === "") throw new FilterError("missing annotation key", from, to);
      if (dotted.includes(".")) {
        const prefix = place ? `${place}.` : "";
        throw new FilterError(
          `annotation keys with a period need brackets: ${excerpt(`[${dotted}]`)}`,
          from,
          to,
          `${prefix}annotation[${dotted}]`,
        );
      }
      this.advance();
      return named(dotted);
    }
    this.advance();
    if (!this.isMark("[")) this.fail("expected `.` or `[` and an annotation key, found {}");
    const opening = this.ahead.from;
    let key = this.lexer.bracketWord()?.text;
    if (key !== undefined) {
      const at = this.lexer.beforeOtherThan("]");
      if (at !== undefined) {
        const reason = "expected `]`; a key with other characters stands in double quotes";
        throw new FilterError(reason, at, at + 1);
      }
      this.advance();
    } else {
      this.advance();
      key = this.stringValue("expected an annotation key, found {}");
    }
    this.close("[", "]", opening);
    return named(key);
  }

  private test(): Partial<Predicate> {
    const operator = this.ahead;
    const isText = operator.kind === "word" && isTextOperator(operator.text);
    if (operator.kind !== "comparison" && !isText) return {};
    const takesBare = operator.text === "=" || operator.text === "!=";
    const bare = takesBare ? this.lexer.bareWord() : undefined;
    if (bare) {
      if (/^(and|or)$/i.test(bare.text)) {
        throw new FilterError(`expected a value, found \`${bare.text}\``, bare.from, bare.to);
      }
      this.end = bare.to;
      this.ahead = this.lexer.next();
      return { test: { operator: operator.text, operatorFrom: operator.from, operand: bare } };
    }
    this.advance();
    const operand = this.ahead;
    if (operand.kind === "word" && !/^(true|false)$/i.test(operand.text)) {
      this.fail(isReserved(operand.text) ? VALUE : "expected a value in double quotes, found {}");
    } else if (!["string", "number", "json", "word"].includes(operand.kind)) this.fail(VALUE);
    this.advance();
    return { test: { operator: operator.text, operatorFrom: operator.from, operand } };
  }

  private block(): Partial<Predicate> {
    return this.isMark("{") ? { block: this.enclosed("{", "}") } : {};
  }

  private serviceEntity(): Entity[] {
    const opening = this.ahead.from;
    if (!this.over("(") || this.over(")")) return [{}];
    const entity = this.entity(opening);
    this.close("(", ")", opening);
    return [entity];
  }

  private edgeEntities(): Entity[] {
    const opening = this.ahead.from;
    if (!this.over("(") || this.over(")")) return [{}, {}];
    const source = this.entity(opening);
    if (this.isMark(")")) this.fail("`edge` takes two arguments or none, found one");
    if (!this.over(",")) throw this.expected("`,`", "(", opening);
    const destination = this.entity(opening);
    this.close("(", ")", opening);
    return [source, destination];
  }

  private entity(opening: number): Entity {
    if (this.ahead.kind === "string") return { name: this.stringValue("") };
    if (!this.isWord("id")) throw this.expected("a string or `id(…)`", "(", opening);
    this.advance();
    const bracket = this.ahead.from;
    if (!this.over("(")) this.fail("expected `(` after `id`, found {}");
    const entity: Entity = {};
    if (this.over(")")) return entity;
    do this.idArgument(entity, bracket);
    while (this.over(","));
    this.close("(", ")", bracket);
    return entity;
  }

  private idArgument(into: Entity, opening: number): void {
    const { kind, text, from, to } = this.ahead;
    const known = "`name:`, `type:` or `account.id:`";
    if (kind !== "word") throw this.expected(known, "(", opening);
    const members: Record<string, keyof Entity> = {
      name: "name",
      type: "type",
      "account.id": "account",
      accountid: "account",
    };
    const member = members[text.toLowerCase()];
    if (!member) throw this.error(`expected ${known}, found {}`);
    if (into[member] !== undefined) {
      throw new FilterError(`argument \`${text}\` of \`id\` is given twice`, from, to);
    }
    this.advance();
    if (!this.over(":")) throw this.expected("`:`", "(", opening);
    into[member] = this.stringValue("expected a string in double quotes, found {}");
  }

  private stringValue(otherwise: string): string {
    const { kind, value } = this.ahead;
    if (kind !== "string") this.fail(otherwise);
    this.advance();
    return String(value);
  }

  private advance(): void {
    this.end = this.ahead.to;
    this.ahead = this.lexer.next();
  }

  private over(mark: string): boolean {
    const isAhead = this.isMark(mark);
    if (isAhead) this.advance();
    return isAhead;
  }

  private close(opening: string, closing: string, at: number): void {
    if (!this.over(closing)) throw this.expected(`\`${closing}\``, opening, at);
  }

  private enter(): void {
    this.depth += 1;
    if (this.depth <= DEPTH_MAX) return;
    throw new FilterError(`nested deeper than ${DEPTH_MAX} levels`, this.ahead.from, this.ahead.to);
  }

  private isEnd(): boolean {
    return this.ahead.kind === "end";
  }

  private isMark(mark: string): boolean {
    return this.ahead.kind === "mark" && this.ahead.text === mark;
  }

  private isWord(wanted: string): boolean {
    return this.ahead.kind === "word" && this.ahead.text.toUpperCase() === wanted.toUpperCase();
  }

  /** An error about the token ahead; `{}` stands for it. */
  private error(reason: string): FilterError {
    const { from, to } = this.ahead;
    return new FilterError(reason.replace("{}", describe(this.ahead)), from, Math.max(to, from + 1));
  }

  private fail(reason: string): never {
    throw this.error(reason);
  }

  private unexpected(): FilterError {
    const isClosing = this.ahead.kind === "mark" && ")}]".includes(this.ahead.text);
    return this.error(isClosing ? "unexpected {}" : JOINED);
  }

  private neverClosed(opening: string, at: number): FilterError {
    return new FilterError(`\`${opening}\` is never closed`, at, at + 1);
  }

  /** At the end of the text it is the bracket that is to blame. */
  private expected(what: string, opening: string, at: number): FilterError {
    if (this.ahead.kind === "end") return this.neverClosed(opening, at);
    return this.error(`expected ${what}, found {}`);
  }
}

function joined(kind: "and" | "or", sides: Syntax[]): Syntax {
  const [first] = sides;
  const last = sides.at(-1);
  if (!first || !last || sides.length === 1) return first as Syntax;
  return { kind, sides, from: first.from, to: last.to };
}

function check(syntax: Syntax, scope: Scope): void {
  switch (syntax.kind) {
    case "and":
    case "or":
      for (const side of syntax.sides) check(side, scope);
      return;
    case "not":
    case "parentheses":
      check(syntax.inner, scope);
      return;
    default:
      checkPredicate(syntax, scope);
  }
}

function checkPredicate(predicate: Predicate, scope: Scope): void {
  const { word, from, annotation, test, block } = predicate;
  const to = from + word.length;
  const notHere = () =>
    new FilterError(`keyword ${excerpt(word)} is not allowed ${describeScope(scope)}`, from, to);
  if (annotation) {
    const isAllowedHere = scope === "edge" || (annotation.place === "own" && !scope.includes("."));
    if (!isAllowedHere) throw notHere();
    checkAnnotation(test);
    return;
  }
  const keyword = keywordOf(word) as Keyword;
  if (!isAllowed(keyword, scope)) throw notHere();
  if (keyword.name === "rootcause.responsetime.exception") {
    throw new FilterError("response-time root causes have no exceptions", from, to);
  }
  if (block) check(block, scopeOf(keyword));
  const checkTest = TESTS[keyword.type];
  checkTest?.(test, word, from);
}

function scopeOf(keyword: Keyword): Scope {
  if (keyword.type !== "cause") return keyword.type as "service" | "edge";
  const [, kind, part] = keyword.name.split(".");
  return `${kind as CauseKind}.${part as CausePart}`;
}

type Test = Predicate["test"];

const TESTS: Partial<Record<Keyword["type"], (test: Test, word: string, at: number) => void>> = {
  flag: test => {
    if (!test) return;
    equality(test, "true or false");
    const { kind, text, value } = test.operand;
    const isBoolean = /^(true|false)$/i.test(kind === "string" ? String(value) : text);
    if (!isBoolean || kind === "number") throw wrong("expected `true` or `false`", test);
  },
  number: test => {
    if (!test) return;
    if (isTextOperator(test.operator)) throw badOperator(test, "a number");
    if (test.operand.kind !== "number") throw wrong("expected a number", test);
  },
  text: test => {
    if (!test) return;
    if (/[<>]/.test(test.operator)) throw badOperator(test, "a string");
    if (!isText(test.operand)) throw wrong("expected a string", test);
  },
  json: (test, word, at) => {
    if (!test) throw needsOperand(word, at, "#[…]");
    equality(test, "a JSON literal");
    if (test.operand.kind !== "json") throw wrong("expected a JSON literal `#[…]`", test);
    const patterns = test.operand.value as unknown[];
    const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
    if (!patterns.every(isObject)) throw wrong("bad JSON literal, each pattern must be an object", test);
  },
  group: (test, word, at) => {
    if (!test) throw needsOperand(word, at, '"…"');
    equality(test, "groups");
    if (!isText(test.operand)) throw wrong("expected a string", test);
  },
};

function checkAnnotation(test: Test): void {
  if (!test) return;
  const { operand } = test;
  if (operand.kind === "json") throw wrong("an annotation is not compared to JSON", test);
  if (operand.kind === "number") TESTS.number?.(test, "", 0);
  else if (isText(operand)) TESTS.text?.(test, "", 0);
  else equality(test, "true or false");
}

function equality(test: NonNullable<Test>, what: string): void {
  if (test.operator !== "=" && test.operator !== "!=") throw badOperator(test, what);
}

const wrong = (reason: string, { operand }: NonNullable<Test>): FilterError =>
  new FilterError(reason, operand.from, operand.to);

const badOperator = ({ operator, operatorFrom: at }: NonNullable<Test>, what: string): FilterError =>
  new FilterError(
    `operator \`${operator.toUpperCase()}\` cannot be used with ${what}`,
    at,
    at + operator.length,
  );

const needsOperand = (word: string, at: number, operand: string): FilterError =>
  new FilterError(`\`${word}\` needs \`= ${operand}\` or \`!= ${operand}\``, at, at + word.length);

const isText = ({ kind, text }: Token): boolean =>
  kind === "string" || (kind === "word" && !/^(true|false)$/i.test(text));

const isTextOperator = (text: string): boolean => /^(contains|beginswith|endswith)$/i.test(text);

const isReserved = (text: string): boolean => /^(and|or|true|false)$/i.test(text) || isTextOperator(text);

function describe({ kind, text }: Token): string {
  switch (kind) {
    case "word":
      return excerpt(text);
    case "string":
      return "a string";
    case "number":
      return "a number";
    case "json":
      return "a JSON literal";
    case "end":
      return "the end";
    default:
      return `\`${text}\``;
  }
}

const excerpt = (text: string): string =>
  `\`${[...text].length > 64 ? `${[...text].slice(0, 64).join("")}…` : text}\``;
