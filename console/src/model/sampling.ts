/** Which sampling rule takes a request, and what the rules have been doing (spec sampling.md 2, 3 and 7). */

export const DEFAULT_RULE = "Default";
export const PRIORITY_MAX = 9_999;

/** The match fields, in the order in which people think of them. */
export const MATCH_FIELDS = [
  { member: "ServiceName", label: "Service", max: 64 },
  { member: "ServiceType", label: "Service type", max: 64 },
  { member: "Host", label: "Host", max: 64 },
  { member: "HTTPMethod", label: "Method", max: 10 },
  { member: "URLPath", label: "URL path", max: 128 },
  { member: "ResourceARN", label: "Resource ARN", max: 500 },
] as const;
export type MatchField = (typeof MATCH_FIELDS)[number]["member"];

export type MatchingRule = Record<MatchField, string> & {
  RuleName: string;
  Priority: number;
  Attributes: Map<string, string>;
};

/** What is known of a request when the decision is made; what is absent matches every pattern. */
export type SamplingRequest = Partial<Record<MatchField, string>> & { Attributes?: Map<string, string> };

/**
 * Whole-string match without regard to case: `*` is any run of characters, `?` exactly one; no escapes.
 * Takes time proportional to the product of the lengths at worst.
 */
export function wildcardMatches(pattern: string, text: string): boolean {
  const wanted = [...pattern.toLowerCase()];
  const found = [...text.toLowerCase()];
  let p = 0;
  let t = 0;
  // Where the last `*` stood, and how much text it has swallowed so far.
  let star: { at: number; swallowed: number } | undefined;
  while (t < found.length) {
    if (wanted[p] === "*") {
      star = { at: p, swallowed: t };
      p += 1;
    } else if (wanted[p] !== undefined && (wanted[p] === "?" || wanted[p] === found[t])) {
      p += 1;
      t += 1;
    } else if (star) {
      star.swallowed += 1;
      p = star.at + 1;
      t = star.swallowed;
    } else {
      return false;
    }
  }
  return wanted.slice(p).every(character => character === "*");
}

/** Why a rule does not take a request: the first field that differs; undefined when it takes it. */
export function mismatch(rule: MatchingRule, request: SamplingRequest): string | undefined {
  for (const { member, label } of MATCH_FIELDS) {
    const known = request[member];
    if (known !== undefined && !wildcardMatches(rule[member], known)) return label;
  }
  for (const [key, pattern] of rule.Attributes) {
    const value = request.Attributes?.get(key);
    if (value === undefined || !wildcardMatches(pattern, value)) return `Attribute ${key}`;
  }
  return undefined;
}

/** Lower priority first, equal ones by name (code units, as the server sorts). */
export const byPriority = (
  a: { Priority: number; RuleName: string },
  b: { Priority: number; RuleName: string },
): number => a.Priority - b.Priority || (a.RuleName < b.RuleName ? -1 : a.RuleName > b.RuleName ? 1 : 0);

/** The first rule that takes the request. */
export const takenBy = <R extends MatchingRule>(
  rules: readonly R[],
  request: SamplingRequest,
): R | undefined => [...rules].sort(byPriority).find(candidate => mismatch(candidate, request) === undefined);

/** A rule's new priority. */
export interface PriorityChange {
  RuleName: string;
  Priority: number;
}

/**
 * The changes of priorities that bring `name` to `position` among the custom rules: its own alone when
 * there is room between its neighbours, else all of them in even steps.
 */
export function reorder(
  rules: readonly { RuleName: string; Priority: number }[],
  name: string,
  position: number,
): PriorityChange[] {
  const custom = rules.filter(({ RuleName }) => RuleName !== DEFAULT_RULE).sort(byPriority);
  const from = custom.findIndex(({ RuleName }) => RuleName === name);
  const moved = custom[from];
  if (!moved || from === position || position < 0 || position >= custom.length) return [];
  const order = custom.filter(rule => rule !== moved);
  order.splice(position, 0, moved);
  const low = order[position - 1]?.Priority ?? 0;
  const high = order[position + 1]?.Priority ?? PRIORITY_MAX + 1;
  if (high - low > 1) return [{ RuleName: name, Priority: Math.floor((low + high) / 2) }];
  const step = Math.min(100, Math.floor(PRIORITY_MAX / order.length));
  return order
    .map(({ RuleName, Priority }, index) => ({ RuleName, Priority: step * (index + 1), before: Priority }))
    .filter(change => change.Priority !== change.before)
    .map(({ RuleName, Priority }) => ({ RuleName, Priority }));
}

const WINDOW_SECONDS = 10;
const RATE_SECONDS = 60;
const TREND_SECONDS = 600;

/** What a rule did lately. */
export interface RuleActivity {
  /** Per second, in the last minute. */
  requests: number;
  sampled: number;
  borrowed: number;
  /** Sampled and all requests of the last minute: the effective rate. */
  sampledCount: number;
  requestCount: number;
  /** Requests per second of each ten seconds of the last ten minutes, oldest first. */
  trend: number[];
}

/** By rule name; only windows that are over count. */
export function activityOf(
  summaries: readonly {
    RuleName: string;
    Timestamp: number;
    RequestCount: number;
    SampledCount: number;
    BorrowCount: number;
  }[],
  nowSeconds: number,
): Map<string, RuleActivity> {
  const newest = Math.max(0, ...summaries.map(({ Timestamp }) => Timestamp));
  // The server's clock may be ahead of this one.
  const end = Math.max(newest, Math.floor(nowSeconds / WINDOW_SECONDS) * WINDOW_SECONDS);
  const all = new Map<string, RuleActivity>();
  for (const summary of summaries) {
    const age = end - summary.Timestamp;
    if (age < WINDOW_SECONDS || age > TREND_SECONDS) continue;
    let activity = all.get(summary.RuleName);
    if (!activity) {
      const trend = new Array<number>(TREND_SECONDS / WINDOW_SECONDS).fill(0);
      activity = { requests: 0, sampled: 0, borrowed: 0, sampledCount: 0, requestCount: 0, trend };
      all.set(summary.RuleName, activity);
    }
    const slot = activity.trend.length - Math.round(age / WINDOW_SECONDS);
    activity.trend[slot] = (activity.trend[slot] ?? 0) + summary.RequestCount / WINDOW_SECONDS;
    if (age > RATE_SECONDS) continue;
    activity.requests += summary.RequestCount / RATE_SECONDS;
    activity.sampled += summary.SampledCount / RATE_SECONDS;
    activity.borrowed += summary.BorrowCount / RATE_SECONDS;
    activity.sampledCount += summary.SampledCount;
    activity.requestCount += summary.RequestCount;
  }
  return all;
}
