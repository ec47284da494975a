/** Faults of the root cause against the expected range, and the requests of clients, over the incident. */
import {
  getTimeSeriesServiceStatistics,
  type TimeSeriesRow,
} from "../../api/get-time-series-service-statistics";
import type { Insight } from "../../api/insights";
import { Panel, stateOf } from "../../components/panel/panel";
import { TimeChart } from "../../components/time-chart/time-chart";
import { useQuery } from "../../components/use-query";
import { visible } from "../../model/format";
import { idSelector } from "../../model/insight";
import { address, go } from "../../shell/navigation";
import type { Window } from "../../url/time-range";
import styles from "./insights.module.css";
import { incidentParams } from "./links";

/** Longer windows are shown by five minutes. */
const MINUTES_MAX = 360;

export function Impact({ insight, window }: { insight: Insight; window: Window }) {
  const { tz } = address.value.params;
  const root = insight.RootCauseServiceId;
  const Period = (window.end - window.start) / 60_000 > MINUTES_MAX ? 300 : 60;
  const range = { StartTime: window.start / 1000, EndTime: window.end / 1000, Period };
  const shared = { ...range, GroupName: insight.GroupName };
  const selector = idSelector(root ?? { Name: "" });
  const query = useQuery(
    `insight impact ${JSON.stringify(shared)} ${selector}`,
    async signal => {
      const ofRoot = { ...shared, EntitySelectorExpression: selector, ForecastStatistics: true };
      const [service, clients] = await Promise.all([
        getTimeSeriesServiceStatistics(ofRoot, { signal }),
        getTimeSeriesServiceStatistics(shared, { signal }),
      ]);
      return { service, clients };
    },
    { freshMillis: 60_000 },
  );
  const times = timesOf(window, Period);
  const service = align(query.value?.service ?? [], times);
  const clients = align(query.value?.clients ?? [], times);
  const showTraces = (bucket: Window) =>
    go({
      route: { page: "traces" },
      params: { ...incidentParams(insight), timeRange: { kind: "absolute", ...bucket } },
    });
  const chart = { times, bucketMillis: Period * 1000, window, zone: tz, cursorKey: "insight", height: 110 };
  const ofClients = (row: TimeSeriesRow | undefined) => row?.EdgeSummaryStatistics;
  return (
    <Panel title="Impact" state={stateOf(query)}>
      <div class={styles.padded}>
        <h3>
          Faults of {visible(root?.Name ?? "the root cause", 80)},{" "}
          {Period === 60 ? "per minute" : "per 5 minutes"}
        </h3>
        <TimeChart
          {...chart}
          label="Faults of the root cause"
          onBucket={showTraces}
          series={[
            {
              label: "Faults",
              kind: "stack",
              color: "fault",
              values: service.map(row => row?.ServiceSummaryStatistics?.FaultStatistics?.TotalCount ?? 0),
            },
            {
              label: "Expected at most",
              kind: "line",
              color: "muted",
              isDashed: true,
              values: service.map(row => row?.ServiceForecastStatistics?.FaultCountHigh ?? null),
            },
            {
              label: "at least",
              kind: "line",
              color: "unknown",
              isDashed: true,
              values: service.map(row => row?.ServiceForecastStatistics?.FaultCountLow ?? null),
            },
          ]}
        />
        <h3>Requests of clients</h3>
        <TimeChart
          {...chart}
          label="Requests of clients"
          onBucket={showTraces}
          series={[
            {
              label: "Fault",
              kind: "stack",
              color: "fault",
              values: clients.map(row => ofClients(row)?.FaultStatistics?.TotalCount ?? 0),
            },
            {
              label: "Error",
              kind: "stack",
              color: "error",
              values: clients.map(row => ofClients(row)?.ErrorStatistics?.OtherCount ?? 0),
            },
            {
              label: "Throttle",
              kind: "stack",
              color: "throttle",
              values: clients.map(row => ofClients(row)?.ErrorStatistics?.ThrottleCount ?? 0),
            },
            {
              label: "OK",
              kind: "stack",
              color: "ok",
              values: clients.map(row => ofClients(row)?.OkCount ?? 0),
            },
          ]}
        />
      </div>
    </Panel>
  );
}

/** Starts of the windows, milliseconds: multiples of the period, as the server cuts them. */
export function timesOf(window: Window, periodSeconds: number): number[] {
  const step = periodSeconds * 1000;
  const first = Math.floor(window.start / step) * step;
  const count = Math.max(1, Math.ceil((window.end - first) / step));
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** The row of each time; the server leaves out windows without data. */
export function align(
  rows: readonly TimeSeriesRow[],
  times: readonly number[],
): (TimeSeriesRow | undefined)[] {
  const known = new Map(rows.map(row => [Math.round(row.Timestamp * 1000), row]));
  return times.map(time => known.get(time));
}
