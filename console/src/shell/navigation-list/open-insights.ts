import { countOpenInsights } from "../../api/open-insights";
import { useQuery } from "../../components/use-query";
import { address } from "../navigation";
import { refreshed } from "../time";

/** An older number is asked for anew when something is refreshed. */
const FRESH_MILLIS = 30_000;

/** How many insights are open in the group that is shown; 0 while unknown. */
export function useOpenInsights(): number {
  const { group } = address.value.params;
  const key = `open-insights ${refreshed.value} ${group ?? ""}`;
  const count = useQuery(key, signal => countOpenInsights(group, { signal }), { freshMillis: FRESH_MILLIS });
  return count.value ?? 0;
}
