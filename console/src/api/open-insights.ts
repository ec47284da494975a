/** How many insights are open (`GetInsightSummaries`, spec api.md), for the number in the navigation. */
import { array, optional, type Read, shape, string, unknown, withDefault } from "./check";
import { type CallOptions, post } from "./client";
import { getGroups } from "./get-groups";

const answer = shape({ InsightSummaries: withDefault(array(unknown), []), NextToken: optional(string) });

/** How far back an open insight may have begun: the operation's own limit is 30 days. */
const BACK_SECONDS = 29 * 86_400;
/** Groups asked, and insights counted, at most. */
const GROUPS_MAX = 20;
export const OPEN_INSIGHTS_MAX = 100;

/** Of `group`, or of all groups that have insights; up to `OPEN_INSIGHTS_MAX`. */
export async function countOpenInsights(
  group: string | undefined,
  options: CallOptions = {},
): Promise<number> {
  const names = group === undefined ? await groupsWithInsights(options) : [group];
  const end = Math.floor(Date.now() / 1000);
  const counts = await Promise.all(
    names.slice(0, GROUPS_MAX).map(async GroupName => {
      const request = { GroupName, States: ["ACTIVE"], StartTime: end - BACK_SECONDS, EndTime: end + 1 };
      const page: Read<typeof answer> = await post("InsightSummaries", request, answer, options);
      return page.InsightSummaries.length;
    }),
  );
  return Math.min(
    OPEN_INSIGHTS_MAX,
    counts.reduce((sum, count) => sum + count, 0),
  );
}

const groupsWithInsights = async (options: CallOptions): Promise<string[]> =>
  (await getGroups(options))
    .filter(group => group.InsightsConfiguration?.InsightsEnabled)
    .map(group => group.GroupName);
