import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  addClause,
  annotationWord,
  chosenOf,
  clausesOf,
  negate,
  onlyChoice,
  quote,
  readingsOf,
  removeClause,
  responseTimeOf,
  toggleChoice,
  withResponseTime,
} from "./clauses";
import { filterErrorOf, parseFilter } from "./parse";

const clause = fc.constantFrom(
  "fault",
  "!ok",
  'http.url CONTAINS "/a b/"',
  'service("x") { fault OR error }',
  "error OR fault",
  "(ok OR partial)",
  "responsetime > 1",
  "annotation[a.b] = 3",
  "user = bare:word",
);

test("clauses added one by one are there, and gone when taken away", () => {
  fc.assert(
    fc.property(fc.uniqueArray(clause, { minLength: 1, maxLength: 6 }), clauses => {
      const text = clauses.reduce(addClause, "");
      expect(filterErrorOf(text)).toBeUndefined();
      expect(clausesOf(text)).toHaveLength(clauses.length);
      expect(clauses.reduce(addClause, text)).toBe(text);
      const less = clauses.reduce(rest => removeClause(rest, 0), text);
      expect(less).toBe("");
    }),
  );
});

test("juxtaposed clauses are clauses, an OR on top is one", () => {
  expect(clausesOf("ok !partial duration < 3")?.map(({ text }) => text)).toEqual([
    "ok",
    "!partial",
    "duration < 3",
  ]);
  expect(clausesOf("ok OR fault")).toHaveLength(1);
  expect(addClause("ok OR fault", "partial")).toBe("(ok OR fault) AND partial");
  expect(clausesOf("ok AND")).toBeUndefined();
});

test("several values of one key are alternatives", () => {
  const known = ['http.method = "GET"', 'http.method = "POST"', 'http.method = "PUT"'] as const;
  let text = toggleChoice("fault", known[0], known);
  expect(text).toBe('fault AND http.method = "GET"');
  text = toggleChoice(text, known[1], known);
  expect(text).toBe('fault AND (http.method = "GET" OR http.method = "POST")');
  expect(chosenOf(text, known)).toEqual([known[0], known[1]]);
  expect(onlyChoice(text, known[2], known)).toBe('fault AND http.method = "PUT"');
  text = toggleChoice(text, 'http.method="GET"', known);
  expect(text).toBe('fault AND http.method = "POST"');
  expect(toggleChoice(text, known[1], known)).toBe("fault");
});

test("negation goes both ways", () => {
  expect(negate("fault")).toBe("!fault");
  expect(negate("!fault")).toBe("fault");
  expect(negate("ok OR fault")).toBe("!(ok OR fault)");
});

test("the brushed response time takes the place of the one before", () => {
  const text = withResponseTime("fault AND responsetime > 5", [0.5, 2]);
  expect(text).toBe("fault AND responsetime >= 0.5 AND responsetime <= 2");
  expect(responseTimeOf(text)).toEqual([0.5, 2]);
  expect(withResponseTime(text, undefined)).toBe("fault");
  expect(responseTimeOf("fault")).toBeUndefined();
  expect(withResponseTime("", [0, 0.001])).toBe("responsetime <= 0.001");
});

test("any text as a string, any key as an annotation", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), text => {
      const syntax = parseFilter(`user = ${quote(text)}`);
      expect(syntax?.kind === "is" && syntax.test?.operand.value).toBe(text);
      const other = parseFilter(`${annotationWord(text)} = 1`);
      expect(other?.kind === "is" && other.annotation?.key).toBe(text);
    }),
  );
});

test("plain words have readings, expressions have none", () => {
  expect(readingsOf("checkout svc").map(({ clause }) => clause)[0]).toBe('service("checkout svc")');
  expect(readingsOf("fault")).toEqual([]);
  expect(readingsOf('user = "')).toEqual([]);
});
