/** What the pages of insights read. */
import { type Group, getGroups } from "../../api/get-groups";
import { getInsightSummaries, type Insight } from "../../api/insights";
import type { Window } from "../../url/time-range";

/** The operation's limit is 30 days back. */
const BACK_MAX_SECONDS = 30 * 86_400 - 300;

export interface InsightList {
  /** Newest start first. */
  insights: Insight[];
  /** Groups that were asked. */
  watched: string[];
  /** Groups whose insights are off. */
  unwatched: string[];
}

/** Insights of one group, or of all that are watched, in the window. */
export async function loadInsights(
  group: string | undefined,
  window: Window,
  signal: AbortSignal,
): Promise<InsightList> {
  const groups = await getGroups({ signal });
  const asked = groups.filter(({ GroupName }) => group === undefined || GroupName === group);
  const watched = asked.filter(isWatched).map(({ GroupName }) => GroupName);
  const unwatched = asked.filter(one => !isWatched(one)).map(({ GroupName }) => GroupName);
  const oldest = Date.now() / 1000 - BACK_MAX_SECONDS;
  const range = {
    StartTime: Math.max(oldest, window.start / 1000),
    EndTime: Math.max(oldest + 1, window.end / 1000),
  };
  const lists = await Promise.all(
    watched.map(GroupName => getInsightSummaries({ GroupName, ...range }, { signal })),
  );
  const insights = lists.flat().sort((a, b) => b.StartTime - a.StartTime);
  return { insights, watched, unwatched };
}

const isWatched = ({ InsightsConfiguration }: Group): boolean =>
  InsightsConfiguration?.InsightsEnabled ?? false;

/** The newest insight of the last 30 days: where to look when the range has none. */
export async function newestInsight(
  group: string | undefined,
  signal: AbortSignal,
): Promise<Insight | undefined> {
  const end = Date.now();
  const window = { start: end - BACK_MAX_SECONDS * 1000, end };
  return (await loadInsights(group, window, signal)).insights[0];
}
