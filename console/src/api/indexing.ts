/**
 * `GetIndexingRules`, `UpdateIndexingRule`, `GetTraceSegmentDestination` and `UpdateTraceSegmentDestination`
 * (spec api.md "Transaction Search").
 */
import { array, number, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

const rule = shape({
  Name: string,
  /** Seconds since the epoch; 0 when it was never changed. */
  ModifiedAt: withDefault(number, 0),
  Rule: shape({
    Probabilistic: optional(
      shape({ DesiredSamplingPercentage: number, ActualSamplingPercentage: optional(number) }),
    ),
  }),
});
const rules = shape({ IndexingRules: withDefault(array(rule), []) });
const changed = shape({ IndexingRule: rule });
const destination = shape({ Destination: string, Status: optional(string) });

export type IndexingRule = Read<typeof rule>;
export type SegmentDestination = Read<typeof destination>;

export const getIndexingRules = async (options: CallOptions = {}): Promise<IndexingRule[]> =>
  (await post("GetIndexingRules", {}, rules, options)).IndexingRules;

export const updateIndexingRule = async (name: string, percentage: number): Promise<IndexingRule> => {
  const change = { Name: name, Rule: { Probabilistic: { DesiredSamplingPercentage: percentage } } };
  return (await post("UpdateIndexingRule", change, changed)).IndexingRule;
};

export const getTraceSegmentDestination = (options: CallOptions = {}): Promise<SegmentDestination> =>
  post("GetTraceSegmentDestination", {}, destination, options);

export const updateTraceSegmentDestination = (to: "XRay" | "CloudWatchLogs"): Promise<SegmentDestination> =>
  post("UpdateTraceSegmentDestination", { Destination: to }, destination);
