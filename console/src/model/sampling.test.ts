import fc from "fast-check";
import { expect, test } from "vitest";
import {
  activityOf,
  byPriority,
  type MatchingRule,
  mismatch,
  reorder,
  type SamplingRequest,
  takenBy,
  wildcardMatches,
} from "./sampling";

const rule = (RuleName: string, Priority: number, fields: Partial<MatchingRule> = {}): MatchingRule => ({
  ServiceName: "*",
  ServiceType: "*",
  Host: "*",
  HTTPMethod: "*",
  URLPath: "*",
  ResourceARN: "*",
  Attributes: new Map(),
  ...fields,
  RuleName,
  Priority,
});

// The rules of sampling.md 8.
const EXAMPLES = [
  rule("Default", 10_000),
  rule("polling", 5_000, { ServiceName: "Web", HTTPMethod: "GET", URLPath: "/state/*" }),
  rule("base-web", 9_000, { ServiceName: "Web" }),
  rule("post-minimum", 100, { HTTPMethod: "POST" }),
  rule("debug", 1, { ServiceName: "Web", HTTPMethod: "PUT", URLPath: "/history/*" }),
];

test("the examples of the specification are taken by the rules it names", () => {
  const cases: [string, string, string, string][] = [
    ["PUT", "/history/7", "Web", "debug"],
    ["GET", "/state/9", "Web", "polling"],
    ["POST", "/x", "Api", "post-minimum"],
    ["DELETE", "/x", "Api", "Default"],
  ];
  for (const [HTTPMethod, URLPath, ServiceName, name] of cases) {
    expect(takenBy(EXAMPLES, { HTTPMethod, URLPath, ServiceName })?.RuleName).toBe(name);
  }
});

test("wildcards match the whole text without regard to case; there are no escapes", () => {
  const cases: [string, string, boolean][] = [
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["?", "", false],
    ["?", "é", true],
    ["a*c", "abbbc", true],
    ["a*c", "abcd", false],
    ["WEB", "web", true],
    ["*a*b*", "xxaxxbxx", true],
    ["/orders/*", "/orders", false],
    ["a?c", "abc", true],
    ["\\*", "*", false],
    ["a.c", "abc", false],
    ["**", "anything", true],
  ];
  for (const [pattern, text, expected] of cases) {
    expect([pattern, text, wildcardMatches(pattern, text)]).toEqual([pattern, text, expected]);
  }
});

test("a pattern made from a text by wildcards matches that text", () => {
  const piece = fc.tuple(fc.string({ unit: "grapheme", maxLength: 5 }), fc.constantFrom("text", "*", "?"));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
      const text = pieces.map(([part]) => part).join("");
      const pattern = pieces.map(([part, how]) =>
        how === "text" ? part.replace(/[*?]/g, "?") : how === "*" ? "*" : "?".repeat([...part].length),
      );
      return wildcardMatches(pattern.join(""), text);
    }),
  );
});

test("what is not known of a request matches; attributes must be there", () => {
  const gold = rule("gold", 10, { Host: "shop.example", Attributes: new Map([["tier", "g*"]]) });
  const mismatches: [SamplingRequest, string | undefined][] = [
    [{ Attributes: new Map([["tier", "GOLD"]]) }, undefined],
    [{ Host: "other", Attributes: new Map([["tier", "gold"]]) }, "Host"],
    [{ Host: "shop.example" }, "Attribute tier"],
    [{ Attributes: new Map([["tier", "silver"]]) }, "Attribute tier"],
  ];
  for (const [request, why] of mismatches) expect(mismatch(gold, request)).toBe(why);
});

test("equal priorities go by name", () => {
  const names = [rule("b", 5), rule("B", 5), rule("a", 5), rule("z", 1)].sort(byPriority);
  expect(names.map(({ RuleName }) => RuleName)).toEqual(["z", "B", "a", "b"]);
});

test("a moved rule takes a priority between its neighbours", () => {
  expect(reorder(EXAMPLES, "base-web", 1)).toEqual([{ RuleName: "base-web", Priority: 50 }]);
  expect(reorder(EXAMPLES, "debug", 3)).toEqual([{ RuleName: "debug", Priority: 9_500 }]);
  expect(reorder(EXAMPLES, "debug", 0)).toEqual([]);
  expect(reorder(EXAMPLES, "Default", 0)).toEqual([]);
});

test("any move gives the wanted order, with allowed priorities", () => {
  const rules = fc.uniqueArray(
    fc.record({
      RuleName: fc.string({ minLength: 1, maxLength: 4 }).filter(name => name !== "Default"),
      Priority: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9_999 })),
    }),
    { selector: ({ RuleName }) => RuleName, minLength: 1, maxLength: 25 },
  );
  fc.assert(
    fc.property(rules, fc.nat(), fc.nat(), (made, from, to) => {
      const before = [...made].sort(byPriority);
      const moved = before[from % before.length];
      const position = to % before.length;
      if (!moved) return;
      const changes = new Map(
        reorder(before, moved.RuleName, position).map(change => [change.RuleName, change.Priority]),
      );
      const after = before
        .map(item => ({ ...item, Priority: changes.get(item.RuleName) ?? item.Priority }))
        .sort(byPriority);
      const wanted = before.filter(item => item !== moved);
      wanted.splice(position, 0, moved);
      expect(after.map(({ RuleName }) => RuleName)).toEqual(wanted.map(({ RuleName }) => RuleName));
      for (const { Priority } of after) expect(Priority).toSatisfy((p: number) => p >= 1 && p <= 9_999);
    }),
  );
});

test("activity is of windows that are over: rates of the last minute, a trend of ten", () => {
  const at = (Timestamp: number, RequestCount: number, SampledCount = 1, BorrowCount = 0) => ({
    RuleName: "web",
    Timestamp,
    RequestCount,
    SampledCount,
    BorrowCount,
  });
  const summaries = [at(10_000, 999), at(9_990, 60, 6, 3), at(9_940, 60, 6), at(9_930, 600), at(9_400, 20)];
  const activity = activityOf(summaries, 10_004).get("web");
  expect(activity).toMatchObject({ requests: 2, sampled: 0.2, borrowed: 0.05, sampledCount: 12 });
  expect(activity?.trend.length).toBe(60);
  expect([activity?.trend[0], activity?.trend[53], activity?.trend[59]]).toEqual([2, 60, 6]);
  expect(activityOf(summaries, 11_000).size).toBe(0);
});
