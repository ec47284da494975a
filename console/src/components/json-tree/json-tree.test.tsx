import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test } from "vitest";
import { JsonTree } from "./json-tree";
import { bytesOf, join, outline } from "./outline";

const options = { toggled: new Set<string>(), openDepth: 2, membersMax: 100, linesMax: 1_000, search: "" };
const paths = (value: unknown, more = {}) => outline(value, { ...options, ...more }).map(line => line.path);

test("two levels are open, deeper ones on demand", () => {
  const value = { a: { b: { c: { d: 1 } } }, e: [1] };
  expect(paths(value)).toEqual(["a", "a.b", "a.b.c", "e", "e[0]"]);
  expect(paths(value, { toggled: new Set(["a.b.c"]) })).toContain("a.b.c.d");
  expect(paths(value, { toggled: new Set(["a.b"]) })).not.toContain("a.b.c");
  expect(paths(value, { toggled: new Set(["a"]) })).toEqual(["a", "e", "e[0]"]);
});

test("a search opens the way to what it finds, in keys and values", () => {
  const value = { a: { b: { c: { d: "Gold" } } }, tier: 1 };
  const found = outline(value, { ...options, search: "gold" }).filter(line => line.isMatch);
  expect(found.map(line => line.path)).toEqual(["a.b.c.d"]);
  expect(outline(value, { ...options, search: "TIER" }).some(line => line.isMatch)).toBe(true);
});

test("large lists are cut and say so; deep values do not overflow", () => {
  const list = Array.from({ length: 250 }, (_, index) => index);
  expect(outline({ list }, options).at(-1)).toMatchObject({ more: 150 });
  let deep: unknown = 1;
  for (let level = 0; level < 5_000; level += 1) deep = { deep };
  expect(paths(deep, { search: "deep" }).length).toBeLessThan(100);
});

test("paths are as one would write them", () => {
  expect(join("a", "b c", false)).toBe('a["b c"]');
  expect(join("", "a", false)).toBe("a");
  expect(bytesOf({ a: "ä" })).toBe(10);
});

test("markup and hidden characters are text; long texts are folded", () => {
  render(
    <JsonTree label="Metadata" value={{ html: "<img src=x>", bidi: "a\u202eb", long: "x".repeat(900) }} />,
  );
  expect(screen.getByText("<img src=x>")).toBeTruthy();
  expect(screen.getByText("a⟨U+202E⟩b")).toBeTruthy();
  const all = screen.getByRole("button", { name: "all 900 B" });
  fireEvent.click(all);
  expect(screen.getByText("x".repeat(900), { exact: false })).toBeTruthy();
});
