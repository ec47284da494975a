import { useMemo } from "preact/hooks";
import { getInsightSummaries, type Insight } from "../../api/insights";
import type { Highlight } from "../../components/service-graph/scene";
import { useQuery } from "../../components/use-query";
import { nodeIdOf } from "../../model/graph/graph";
import { now } from "../../shell/time";

/** An insight may have begun so long ago: the operation's limit is 30 days. */
const BACK_SECONDS = 29 * 86_400;
const FRESH_MILLIS = 30_000;
/** Of traces that are in no group of their own. */
const GROUP_OF_ALL = "Default";

/** Nodes that active insights are about, marked with their number. The map does not wait for them. */
export function useInsightMarks(group: string | undefined): ReadonlyMap<string, Highlight> {
  const end = Math.floor(now.value / 1000) + 1;
  const GroupName = group ?? GROUP_OF_ALL;
  const query = useQuery(
    `map insights ${GroupName} ${end}`,
    signal => getInsightSummaries({ GroupName, StartTime: end - BACK_SECONDS, EndTime: end }, { signal }),
    { freshMillis: FRESH_MILLIS },
  );
  return useMemo(() => marksOf(query.value ?? []), [query.value]);
}

export function marksOf(insights: readonly Insight[]): Map<string, Highlight> {
  const counts = new Map<string, number>();
  for (const insight of insights) {
    if (insight.State !== "ACTIVE") continue;
    const services = [insight.RootCauseServiceId, ...insight.TopAnomalousServices.map(one => one.ServiceId)];
    const ids = services.flatMap(service =>
      service
        ? [
            nodeIdOf({
              name: service.Name,
              type: service.Type || undefined,
              account: service.AccountId || undefined,
            }),
          ]
        : [],
    );
    for (const id of new Set(ids)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return new Map(
    [...counts].map(([id, count]) => [
      id,
      {
        words: count === 1 ? "1 active insight" : `${count} active insights`,
        mark: `!${count}`,
        hasHalo: false,
      },
    ]),
  );
}
