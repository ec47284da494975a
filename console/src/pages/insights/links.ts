/** From an insight to the traces of its time. */
import type { Insight } from "../../api/insights";
import { now } from "../../shell/time";
import type { Params } from "../../url/address";

const MINUTE_SECONDS = 60;

/** Group and time of the incident. */
export function incidentParams(insight: Insight): Pick<Params, "timeRange"> & { group: string | undefined } {
  const { start, end } = incidentWindow(insight);
  return {
    group: insight.GroupName === "Default" ? undefined : insight.GroupName,
    timeRange: { kind: "absolute", start: start * 1000, end: end * 1000 },
  };
}

/** Seconds from the start to the end, or now; whole, and at least a minute. */
export function incidentWindow(insight: Insight): { start: number; end: number } {
  const start = Math.floor(insight.StartTime);
  const end = Math.ceil(insight.EndTime ?? now.value / 1000);
  return { start, end: Math.max(end, start + MINUTE_SECONDS) };
}
