import { getServiceGraph, type WireService } from "../../api/get-service-graph";
import {
  getTimeSeriesServiceStatistics,
  type TimeSeriesRow,
} from "../../api/get-time-series-service-statistics";
import { type Graph, graphOf, pieces } from "../../model/graph/graph";
import { type GraphSeries, periodFor, seriesOf } from "../../model/graph/series";
import { mark } from "../../shell/marks";
import type { Window } from "../../url/time-range";

export interface LoadedGraph {
  graph: Graph;
  /** Some traces were counted into the group by an earlier version of its expression. */
  hasOldVersions: boolean;
  window: Window;
}

/** Requests under way at once for one map. */
const AT_ONCE = 4;
const SERIES_MILLIS_MAX = 24 * 3600 * 1000;

/** The graph of the window, of as many answers as it takes. */
export async function loadGraph(
  window: Window,
  group: string | undefined,
  signal: AbortSignal,
): Promise<LoadedGraph> {
  const parts = pieces(window.start, window.end);
  const answers = await inTurn(parts, part =>
    getServiceGraph(
      { StartTime: part.start / 1000, EndTime: part.end / 1000, ...(group ? { GroupName: group } : {}) },
      { signal },
    ),
  );
  mark("data");
  const services: WireService[][] = answers.map(answer => answer.Services);
  const graph = graphOf(services, (window.end - window.start) / 1000);
  mark("model");
  return { graph, hasOldVersions: answers.some(answer => answer.ContainsOldGroupVersions), window };
}

/** What `selector` selects did over the window. */
export async function loadSeries(
  window: Window,
  selector: string,
  group: string | undefined,
  signal: AbortSignal,
): Promise<GraphSeries> {
  const period = periodFor(window);
  const rows = await inTurn(pieces(window.start, window.end, SERIES_MILLIS_MAX), part =>
    getTimeSeriesServiceStatistics(
      {
        StartTime: part.start / 1000,
        EndTime: part.end / 1000,
        EntitySelectorExpression: selector,
        Period: period,
        ...(group ? { GroupName: group } : {}),
      },
      { signal },
    ),
  );
  return seriesOf(rows.flat() satisfies TimeSeriesRow[], window, period);
}

/** The results in the order of `items`; some are asked for at once. */
async function inTurn<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await ask(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return results;
}
