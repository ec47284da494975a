/** `GetSamplingStatisticSummaries` (spec api.md; sampling.md 7). */
import { array, number, optional, type Read, shape, string, withDefault } from "./check";
import type { CallOptions } from "./client";
import { eachPage } from "./pages";

/** What one rule did in one window of ten seconds, over all clients. */
const summary = shape({
  RuleName: string,
  /** Start of the window, seconds since the epoch. */
  Timestamp: number,
  RequestCount: withDefault(number, 0),
  SampledCount: withDefault(number, 0),
  BorrowCount: withDefault(number, 0),
});

export type SamplingStatisticSummary = Read<typeof summary>;

const answer = shape({
  SamplingStatisticSummaries: withDefault(array(summary), []),
  NextToken: optional(string),
});

/** The windows of the last ten minutes that had traffic. */
export async function getSamplingStatisticSummaries(
  options: CallOptions = {},
): Promise<SamplingStatisticSummary[]> {
  const all: SamplingStatisticSummary[] = [];
  const take = (page: Read<typeof answer>) => all.push(...page.SamplingStatisticSummaries);
  await eachPage("SamplingStatisticSummaries", {}, answer, take, options);
  return all;
}
