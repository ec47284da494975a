/**
 * `GetSamplingRules`, `CreateSamplingRule`, `UpdateSamplingRule` and `DeleteSamplingRule` (spec api.md;
 * sampling.md 1 and 2).
 */
import { array, number, optional, type Read, record, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";
import { eachPage } from "./pages";
import type { Tag } from "./tags";

const any = withDefault(string, "*");

const rule = shape({
  RuleName: withDefault(string, ""),
  RuleARN: withDefault(string, ""),
  Priority: number,
  FixedRate: number,
  ReservoirSize: number,
  ServiceName: any,
  ServiceType: any,
  Host: any,
  HTTPMethod: any,
  URLPath: any,
  ResourceARN: any,
  Attributes: withDefault(record(string), new Map()),
  SamplingRateBoost: optional(shape({ MaxRate: number, CooldownWindowMinutes: number })),
});

const ruleRecord = shape({
  SamplingRule: rule,
  CreatedAt: withDefault(number, 0),
  ModifiedAt: withDefault(number, 0),
});

export type SamplingRule = Read<typeof rule>;
export type SamplingRuleRecord = Read<typeof ruleRecord>;

/** A rule as it is written: everything but its name and ARN may be changed. */
export interface SamplingRuleChange {
  RuleName: string;
  Priority?: number;
  FixedRate?: number;
  ReservoirSize?: number;
  ServiceName?: string;
  ServiceType?: string;
  Host?: string;
  HTTPMethod?: string;
  URLPath?: string;
  ResourceARN?: string;
  Attributes?: Record<string, string>;
  SamplingRateBoost?: { MaxRate: number; CooldownWindowMinutes: number };
}

const list = shape({ SamplingRuleRecords: withDefault(array(ruleRecord), []), NextToken: optional(string) });
const one = shape({ SamplingRuleRecord: ruleRecord });

/** All rules by priority and name, `Default` last. */
export async function getSamplingRules(options: CallOptions = {}): Promise<SamplingRuleRecord[]> {
  const rules: SamplingRuleRecord[] = [];
  await eachPage("GetSamplingRules", {}, list, page => rules.push(...page.SamplingRuleRecords), options);
  return rules;
}

export const createSamplingRule = async (
  change: SamplingRuleChange,
  tags: Tag[] = [],
): Promise<SamplingRuleRecord> => {
  const request = { SamplingRule: { ...change, Version: 1 }, ...(tags.length > 0 ? { Tags: tags } : {}) };
  return (await post("CreateSamplingRule", request, one)).SamplingRuleRecord;
};

/** Of `Default` only rate, reservoir and boost can be changed. */
export const updateSamplingRule = async (change: SamplingRuleChange): Promise<SamplingRuleRecord> =>
  (await post("UpdateSamplingRule", { SamplingRuleUpdate: change }, one)).SamplingRuleRecord;

export const deleteSamplingRule = async (name: string): Promise<void> => {
  await post("DeleteSamplingRule", { RuleName: name }, one);
};
