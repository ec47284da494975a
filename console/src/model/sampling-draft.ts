/** A sampling rule being edited: the texts of a form, the JSON of the API, and what is wrong (spec sampling.md 2). */
import { DEFAULT_RULE, MATCH_FIELDS, type MatchField, PRIORITY_MAX } from "./sampling";

export interface RuleDraft {
  RuleName: string;
  Priority: string;
  FixedRate: string;
  ReservoirSize: string;
  match: Record<MatchField, string>;
  attributes: { key: string; value: string }[];
  /** No boost: undefined. */
  boost: { MaxRate: string; CooldownWindowMinutes: string } | undefined;
}

/** A rule as the API writes it. */
export interface RuleJson extends Partial<Record<MatchField, string>> {
  RuleName: string;
  Priority?: number;
  FixedRate: number;
  ReservoirSize: number;
  Attributes?: Record<string, string>;
  SamplingRateBoost?: { MaxRate: number; CooldownWindowMinutes: number };
}

export const ATTRIBUTES_MAX = 5;
const RESERVOIR_MAX = 2_147_483_647;

export const newDraft = (): RuleDraft => ({
  RuleName: "",
  Priority: "1000",
  FixedRate: "0.05",
  ReservoirSize: "1",
  match: Object.fromEntries(MATCH_FIELDS.map(({ member }) => [member, "*"])) as Record<MatchField, string>,
  attributes: [],
  boost: undefined,
});

export function draftOf(
  rule: Record<MatchField, string> & {
    RuleName: string;
    Priority: number;
    FixedRate: number;
    ReservoirSize: number;
    Attributes: Map<string, string>;
    SamplingRateBoost?: { MaxRate: number; CooldownWindowMinutes: number } | undefined;
  },
): RuleDraft {
  const boost = rule.SamplingRateBoost;
  return {
    RuleName: rule.RuleName,
    Priority: String(rule.Priority),
    FixedRate: String(rule.FixedRate),
    ReservoirSize: String(rule.ReservoirSize),
    match: Object.fromEntries(MATCH_FIELDS.map(({ member }) => [member, rule[member]])) as RuleDraft["match"],
    attributes: [...rule.Attributes].map(([key, value]) => ({ key, value })),
    boost: boost && {
      MaxRate: String(boost.MaxRate),
      CooldownWindowMinutes: String(boost.CooldownWindowMinutes),
    },
  };
}

/** What is wrong, by member of the API; the server has the last word. */
export function problemsOf(draft: RuleDraft): Map<string, string> {
  const problems = new Map<string, string>();
  const check = (member: string, problem: string | undefined) => {
    if (problem !== undefined && !problems.has(member)) problems.set(member, problem);
  };
  const isDefault = draft.RuleName === DEFAULT_RULE;
  check("RuleName", lengthProblem(draft.RuleName, 32));
  if (!isDefault) check("Priority", wholeProblem(draft.Priority, 1, PRIORITY_MAX));
  check("FixedRate", shareProblem(draft.FixedRate));
  check("ReservoirSize", wholeProblem(draft.ReservoirSize, 0, RESERVOIR_MAX));
  for (const { member, max } of MATCH_FIELDS) check(member, lengthProblem(draft.match[member], max));
  const keys = draft.attributes.map(({ key }) => key);
  if (keys.length > ATTRIBUTES_MAX) check("Attributes", `at most ${ATTRIBUTES_MAX} attributes`);
  if (new Set(keys).size < keys.length) check("Attributes", "two attributes have the same key");
  for (const { key, value } of draft.attributes) {
    check("Attributes", lengthProblem(key, 32, "a key") ?? lengthProblem(value, 32, "a value"));
  }
  if (draft.boost) {
    check("MaxRate", shareProblem(draft.boost.MaxRate));
    check("CooldownWindowMinutes", wholeProblem(draft.boost.CooldownWindowMinutes, 0, RESERVOIR_MAX));
  }
  return problems;
}

/** As the API takes it; of `Default` only what can be changed. Call with a draft that has no problems. */
export function jsonOf(draft: RuleDraft): RuleJson {
  const rate = { FixedRate: Number(draft.FixedRate), ReservoirSize: Number(draft.ReservoirSize) };
  const boost = draft.boost && {
    SamplingRateBoost: {
      MaxRate: Number(draft.boost.MaxRate),
      CooldownWindowMinutes: Number(draft.boost.CooldownWindowMinutes),
    },
  };
  if (draft.RuleName === DEFAULT_RULE) return { RuleName: DEFAULT_RULE, ...rate, ...boost };
  return {
    RuleName: draft.RuleName,
    Priority: Number(draft.Priority),
    ...rate,
    ...draft.match,
    Attributes: Object.fromEntries(draft.attributes.map(({ key, value }) => [key, value])),
    ...boost,
  };
}

/** The draft that `json` describes on top of `before`, or what is wrong with its form. */
export function draftOfJson(json: unknown, before: RuleDraft): RuleDraft | string {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return "a rule is an object";
  const draft = structuredClone(before);
  for (const [member, value] of Object.entries(json)) {
    const field = MATCH_FIELDS.find(known => known.member === member);
    if (field) {
      if (typeof value !== "string") return `${member} is text`;
      draft.match[field.member] = value;
    } else if (member === "Priority" || member === "FixedRate" || member === "ReservoirSize") {
      if (typeof value !== "number") return `${member} is a number`;
      draft[member] = String(value);
    } else if (member === "Attributes") {
      const entries = Object.entries(Object(value));
      if (entries.some(([, text]) => typeof text !== "string")) return "Attributes are texts by key";
      draft.attributes = entries.map(([key, text]) => ({ key, value: String(text) }));
    } else if (member === "SamplingRateBoost") {
      const { MaxRate, CooldownWindowMinutes } = Object(value);
      if (typeof MaxRate !== "number" || typeof CooldownWindowMinutes !== "number") {
        return "SamplingRateBoost has the numbers MaxRate and CooldownWindowMinutes";
      }
      draft.boost = { MaxRate: String(MaxRate), CooldownWindowMinutes: String(CooldownWindowMinutes) };
    } else if (member === "RuleName") {
      if (value !== before.RuleName && before.RuleName !== "") return "the name of a rule cannot be changed";
      draft.RuleName = String(value);
    } else if (!["RuleARN", "Version"].includes(member)) {
      return `a rule has no member ${member}`;
    }
  }
  return draft;
}

function lengthProblem(text: string, max: number, what = "this"): string | undefined {
  const { length } = [...text];
  if (length === 0) return `${what} must not be empty${what === "this" ? "; * matches everything" : ""}`;
  return length > max ? `${what} has ${length} characters; at most ${max} are allowed` : undefined;
}

function wholeProblem(text: string, min: number, max: number): string | undefined {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return max === RESERVOIR_MAX ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`;
}

function shareProblem(text: string): string | undefined {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return value >= 0 && value <= 1 ? undefined : "a number from 0 to 1";
}
