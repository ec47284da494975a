import { expect, test } from "vitest";
import { draftOf, draftOfJson, jsonOf, newDraft, problemsOf, type RuleDraft } from "./sampling-draft";

const whole: RuleDraft = {
  ...newDraft(),
  RuleName: "orders",
  attributes: [{ key: "tier", value: "gold" }],
  boost: { MaxRate: "0.5", CooldownWindowMinutes: "10" },
};

test("a draft, its JSON and the rule of it are the same", () => {
  expect(problemsOf(whole).size).toBe(0);
  const json = jsonOf(whole);
  expect(draftOfJson(json, newDraft())).toEqual(whole);
  const rule = {
    ...whole.match,
    RuleName: "orders",
    Priority: 1_000,
    FixedRate: 0.05,
    ReservoirSize: 1,
    Attributes: new Map([["tier", "gold"]]),
    SamplingRateBoost: { MaxRate: 0.5, CooldownWindowMinutes: 10 },
  };
  expect(draftOf(rule)).toEqual(whole);
});

test("each constraint is told at its member", () => {
  const broken: [Partial<RuleDraft>, string][] = [
    [{ RuleName: "" }, "RuleName"],
    [{ RuleName: "x".repeat(33) }, "RuleName"],
    [{ Priority: "0" }, "Priority"],
    [{ Priority: "10000" }, "Priority"],
    [{ Priority: "1.5" }, "Priority"],
    [{ FixedRate: "1.01" }, "FixedRate"],
    [{ FixedRate: "" }, "FixedRate"],
    [{ ReservoirSize: "-1" }, "ReservoirSize"],
    [{ match: { ...whole.match, Host: "" } }, "Host"],
    [{ match: { ...whole.match, HTTPMethod: "PROPPATCHES" } }, "HTTPMethod"],
    [{ attributes: Array.from({ length: 6 }, (_, n) => ({ key: `k${n}`, value: "v" })) }, "Attributes"],
    [{ attributes: [{ key: "", value: "v" }] }, "Attributes"],
    [{ boost: { MaxRate: "2", CooldownWindowMinutes: "1" } }, "MaxRate"],
    [{ boost: { MaxRate: "1", CooldownWindowMinutes: "-1" } }, "CooldownWindowMinutes"],
  ];
  for (const [change, member] of broken) {
    expect([...problemsOf({ ...whole, ...change }).keys()]).toEqual([member]);
  }
});

test("of Default only rate, reservoir and boost are written", () => {
  const draft = { ...newDraft(), RuleName: "Default", Priority: "10000" };
  expect(problemsOf(draft).size).toBe(0);
  expect(jsonOf(draft)).toEqual({ RuleName: "Default", FixedRate: 0.05, ReservoirSize: 1 });
});

test("JSON that is no rule says why", () => {
  expect(draftOfJson([], whole)).toMatch(/object/);
  expect(draftOfJson({ Priority: "1" }, whole)).toMatch(/Priority is a number/);
  expect(draftOfJson({ RuleName: "other" }, whole)).toMatch(/cannot be changed/);
  expect(draftOfJson({ Prio: 1 }, whole)).toMatch(/no member Prio/);
  expect(draftOfJson({ SamplingRateBoost: {} }, whole)).toMatch(/MaxRate/);
});
