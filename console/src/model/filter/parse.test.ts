import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FilterError } from "./lexer";
import { filterErrorOf, parseFilter } from "./parse";

/** The files that the server's own tests read: expression, then `= <traces>` or `! <error>`. */
function cases(file: string): { text: string; error: string | undefined }[] {
  const path = `../crates/roentgen-model/src/filter/cases/${file}.txt`;
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.flatMap((line, at): { text: string; error: string | undefined }[] => {
    const next = lines[at + 1] ?? "";
    if (/^[=!]( |$)/.test(line) && /\S/.test(lines[at - 1] ?? "")) return [];
    if (next.startsWith("! ")) return [{ text: line, error: next.slice(2) }];
    return next === "=" || next.startsWith("= ") ? [{ text: line, error: undefined }] : [];
  });
}

/** As the server says it: positions in characters. */
function said(text: string): string | undefined {
  const error = filterErrorOf(text);
  return error && `${error.reason} at position ${[...text.slice(0, error.from)].length}`;
}

test("accepts what the server accepts", () => {
  const accepted = ["examples", "truth_table", "semantics"].flatMap(cases);
  expect(accepted.length).toBeGreaterThan(200);
  const wrong = accepted.filter(({ text, error }) => error === undefined && said(text) !== undefined);
  expect(wrong.map(({ text }) => [text, said(text)])).toEqual([]);
});

test("refuses what the server refuses, in its words, at its position", () => {
  // Which groups there are only the server knows.
  const refused = cases("errors").filter(({ error }) => error && !/groups? (`|refer)/.test(error));
  expect(refused.length).toBeGreaterThan(200);
  const wrong = refused.filter(({ text, error }) => said(text) !== error);
  expect(wrong.map(({ text, error }) => ({ text, error, said: said(text) }))).toEqual([]);
});

test("limits", () => {
  expect(said("(".repeat(65))).toContain("nested deeper than 64");
  expect(said(`user = "${"x".repeat(9_000)}"`)).toContain("longer than 8192 bytes");
  expect(said(Array(257).fill("ok").join(" "))).toContain("more than 256 conditions");
  expect(said(Array(256).fill("ok").join(" "))).toBeUndefined();
});

test("nothing but a FilterError is thrown, whatever the text", () => {
  const alphabet = [
    '"',
    "\\",
    "#",
    "[",
    "(",
    "{",
    "!",
    "=",
    " ",
    "ok",
    "service",
    "annotation",
    ".",
    "1",
    "\u{1f600}",
    "\ud800",
  ];
  for (let seed = 1; seed < 3_000; seed++) {
    let state = seed;
    let text = "";
    for (let length = 0; length < 12; length++) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += alphabet[state % alphabet.length];
    }
    expect(filterErrorOf(text) ?? new FilterError("", 0, 0)).toBeInstanceOf(FilterError);
  }
});

test("places and parts", () => {
  const syntax = parseFilter('!ok AND service(id(name: "a", type: "b")) { fault }');
  if (syntax?.kind !== "and") throw new Error("two sides");
  expect(syntax.sides.map(({ from, to }) => [from, to])).toEqual([
    [0, 3],
    [8, 51],
  ]);
  expect(syntax.sides[1]).toMatchObject({ word: "service", entities: [{ name: "a", type: "b" }] });
});
