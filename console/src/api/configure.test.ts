/** Every reader on what our own server answered (recorded/configure.json). */
import { afterEach, expect, test, vi } from "vitest";
import { UnexpectedShape } from "./check";
import { ApiError } from "./client";
import { getEncryptionConfig, putEncryptionConfig } from "./encryption-config";
import { getSamplingStatisticSummaries } from "./get-sampling-statistic-summaries";
import { getTimeSeriesServiceStatistics } from "./get-time-series-service-statistics";
import { createGroup, deleteGroup, updateGroup } from "./group-changes";
import {
  getIndexingRules,
  getTraceSegmentDestination,
  updateIndexingRule,
  updateTraceSegmentDestination,
} from "./indexing";
import { getInsight, getInsightEvents, getInsightImpactGraph, getInsightSummaries } from "./insights";
import recorded from "./recorded/configure.json";
import { deleteResourcePolicy, listResourcePolicies, putResourcePolicy } from "./resource-policies";
import {
  createSamplingRule,
  deleteSamplingRule,
  getSamplingRules,
  updateSamplingRule,
} from "./sampling-rules";
import { listTagsForResource, replaceTags } from "./tags";

interface Exchange {
  path: string;
  status: number;
  answer: unknown;
}

const sent: { path: string; body: Record<string, unknown> }[] = [];

/** Answers with the recordings of `status`, whatever is asked. */
function answerFrom(exchanges: readonly Exchange[], status = 200): void {
  sent.length = 0;
  vi.stubGlobal("fetch", async (url: URL, init: RequestInit) => {
    const path = url.pathname.slice(1);
    sent.push({ path, body: JSON.parse(String(init.body)) });
    const found = exchanges.find(one => one.path === path && one.status === status);
    return new Response(JSON.stringify(found?.answer ?? {}), { status: found ? status : 500 });
  });
}

afterEach(() => vi.unstubAllGlobals());

test("groups and tags", async () => {
  answerFrom(recorded);
  const change = { GroupName: "recorded", FilterExpression: "fault" };
  const created = await createGroup(change);
  expect(created).toMatchObject({ ...change, InsightsConfiguration: { InsightsEnabled: true } });
  expect((await updateGroup(change)).FilterExpression).toBe("error");
  await deleteGroup("recorded");
  const tags = await listTagsForResource(created.GroupARN);
  expect(tags).toEqual([{ Key: "team", Value: "shop" }]);
  sent.length = 0;
  await replaceTags(created.GroupARN, tags, [{ Key: "tier", Value: "gold" }]);
  expect(sent).toEqual([
    { path: "UntagResource", body: { ResourceARN: created.GroupARN, TagKeys: ["team"] } },
    {
      path: "TagResource",
      body: { ResourceARN: created.GroupARN, Tags: [{ Key: "tier", Value: "gold" }] },
    },
  ]);
});

test("sampling rules and their statistics", async () => {
  answerFrom(recorded);
  const rules = await getSamplingRules();
  expect(rules.at(-1)?.SamplingRule).toMatchObject({ RuleName: "Default", Priority: 10_000, URLPath: "*" });
  const gold = rules.find(({ SamplingRule }) => SamplingRule.RuleName === "gold customers")?.SamplingRule;
  expect(gold?.Attributes).toEqual(new Map([["tier", "gold"]]));
  expect(gold?.SamplingRateBoost).toEqual({ MaxRate: 0.8, CooldownWindowMinutes: 10 });
  const rule = { RuleName: "recorded", Priority: 42 };
  expect((await createSamplingRule(rule)).SamplingRule.Priority).toBe(42);
  expect(sent.at(-1)?.body).toEqual({ SamplingRule: { ...rule, Version: 1 } });
  expect((await updateSamplingRule(rule)).SamplingRule.Priority).toBe(43);
  await deleteSamplingRule("recorded");
  const [first] = await getSamplingStatisticSummaries();
  expect(first?.Timestamp).toSatisfy((at: number) => at % 10 === 0);
});

test("insights", async () => {
  answerFrom(recorded);
  const range = { StartTime: 0, EndTime: 1 };
  const [summary] = await getInsightSummaries({ GroupName: "Default", ...range });
  const insight = await getInsight(summary?.InsightId ?? "");
  expect(insight).toMatchObject({ State: "ACTIVE", RootCauseServiceId: { Name: "pay" } });
  expect(insight.EndTime).toBeUndefined();
  const [event] = await getInsightEvents(insight.InsightId);
  expect(event?.TopAnomalousServices[0]?.ServiceId?.Name).toBe("pay");
  const graph = await getInsightImpactGraph({ InsightId: insight.InsightId, ...range });
  expect(graph.map(({ Type }) => Type)).toContain("client");
  const rows = await getTimeSeriesServiceStatistics({ ...range, ForecastStatistics: true });
  expect(rows[0]?.ServiceForecastStatistics?.FaultCountHigh).toBeGreaterThan(0);
  expect(rows[0]?.ServiceSummaryStatistics?.TotalCount).toBeGreaterThan(0);
});

test("settings", async () => {
  answerFrom(recorded);
  expect(await getEncryptionConfig()).toEqual({ Type: "NONE", Status: "ACTIVE", KeyId: undefined });
  const put = await putEncryptionConfig({ Type: "KMS", KeyId: "alias/aws/xray" });
  expect(put.Status).toBe("UPDATING");
  const [policy] = await listResourcePolicies();
  expect(policy).toMatchObject({ PolicyName: "sns", PolicyRevisionId: "1" });
  const written = await putResourcePolicy({
    PolicyName: "locks",
    PolicyDocument: "{}",
    PolicyRevisionId: "0",
    BypassPolicyLockoutCheck: true,
  });
  expect(written.PolicyName).toBe("locks");
  await deleteResourcePolicy("locks", "1");
  const [indexing] = await getIndexingRules();
  expect(indexing?.Rule.Probabilistic?.DesiredSamplingPercentage).toBe(1);
  expect((await updateIndexingRule("Default", 12.5)).Rule.Probabilistic).toMatchObject({
    DesiredSamplingPercentage: 12.5,
  });
  expect((await getTraceSegmentDestination()).Destination).toBe("XRay");
  expect((await updateTraceSegmentDestination("XRay")).Status).toBe("ACTIVE");
});

test("refusals keep the server's words", async () => {
  answerFrom(recorded, 400);
  const refused = await createGroup({ GroupName: "bad" }).catch((cause: unknown) => cause);
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({ code: "InvalidRequestException", status: 400 });
  expect(String(refused)).toMatch(/Invalid filter expression.*position 14/);
  const locked = await putResourcePolicy({
    PolicyName: "locks",
    PolicyDocument: "{}",
    PolicyRevisionId: "0",
    BypassPolicyLockoutCheck: false,
  }).catch((cause: unknown) => cause);
  expect(locked).toMatchObject({ code: "LockoutPreventionException" });
});

test("an answer of another shape is named, not shown", async () => {
  answerFrom([{ path: "GetSamplingRules", status: 200, answer: { SamplingRuleRecords: [{}] } }]);
  await expect(getSamplingRules()).rejects.toThrow(UnexpectedShape);
});
