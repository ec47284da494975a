/** Columns of the list of insights. */
import { getTimeSeriesServiceStatistics } from "../../api/get-time-series-service-statistics";
import type { Insight } from "../../api/insights";
import type { Column } from "../../components/data-table/data-table";
import { Sparkline } from "../../components/sparkline/sparkline";
import { useQuery } from "../../components/use-query";
import type { TimeZone } from "../../model/format";
import { formatAge, formatCount, formatDuration, formatShare, formatTime, visible } from "../../model/format";
import { around, idSelector, lasted } from "../../model/insight";
import { InsightState } from "./insight-state";
import styles from "./insights.module.css";

export function insightColumns(zone: TimeZone, nowMillis: number): Column<Insight>[] {
  const nowSeconds = nowMillis / 1000;
  return [
    {
      id: "service",
      title: "Root cause",
      sortBy: insight => insight.RootCauseServiceId?.Name,
      isFixed: true,
      cell: insight => visible(insight.RootCauseServiceId?.Name ?? "unknown", 80),
    },
    {
      id: "state",
      title: "State",
      sortBy: insight => insight.State,
      isFixed: true,
      cell: insight => <InsightState state={insight.State} />,
    },
    {
      id: "type",
      title: "Type",
      isWide: true,
      cell: insight => (
        <span class={styles.muted}>{visible(insight.RootCauseServiceId?.Type ?? "", 80)}</span>
      ),
    },
    {
      id: "category",
      title: "Category",
      isFixed: true,
      isWide: true,
      cell: insight => insight.Categories.map(wordOf).join(", "),
    },
    {
      id: "group",
      title: "Group",
      sortBy: insight => insight.GroupName,
      isFixed: true,
      isWide: true,
      cell: insight => visible(insight.GroupName),
    },
    {
      id: "start",
      title: "Start",
      sortBy: insight => insight.StartTime,
      isFixed: true,
      cell: insight => (
        <time title={formatAge(insight.StartTime * 1000, nowMillis)}>
          {formatTime(insight.StartTime * 1000, zone).slice(0, 16)}
        </time>
      ),
    },
    {
      id: "duration",
      title: "Duration",
      align: "right",
      isWide: true,
      sortBy: insight => lasted(insight, nowSeconds),
      cell: insight => formatDuration(lasted(insight, nowSeconds)),
    },
    {
      id: "impact",
      title: "Clients affected",
      align: "right",
      help: "Requests of clients that failed, since the start",
      sortBy: insight => insight.ClientRequestImpactStatistics?.FaultCount,
      cell: ({ ClientRequestImpactStatistics: impact }) =>
        impact ? (
          <>
            {formatShare(impact.FaultCount, impact.TotalCount)}{" "}
            <span class={styles.muted}>
              {formatCount(impact.FaultCount)} of {formatCount(impact.TotalCount)}
            </span>
          </>
        ) : (
          "–"
        ),
    },
    {
      id: "trend",
      title: "Faults, expected",
      help: "Faults of the root cause per window; grey: the expected range",
      isFixed: true,
      isWide: true,
      cell: insight => <Trend insight={insight} nowSeconds={nowSeconds} />,
    },
  ];
}

const wordOf = (category: string): string => category.charAt(0) + category.slice(1).toLowerCase();

/** Windows that a line of the list has, at most. */
const TREND_WINDOWS = 60;

function Trend({ insight, nowSeconds }: { insight: Insight; nowSeconds: number }) {
  const service = insight.RootCauseServiceId;
  const { start, end } = around(insight, nowSeconds);
  const Period = (end - start) / 60_000 > TREND_WINDOWS ? 300 : 60;
  // What is over does not change: the line of a closed insight is read once.
  const until = insight.EndTime === undefined ? Math.floor(end / 60_000) : insight.EndTime;
  const query = useQuery(
    service && `insights trend ${insight.InsightId} ${until}`,
    signal =>
      getTimeSeriesServiceStatistics(
        {
          StartTime: start / 1000,
          EndTime: end / 1000,
          GroupName: insight.GroupName,
          EntitySelectorExpression: idSelector(service ?? { Name: "" }),
          Period,
          ForecastStatistics: true,
        },
        { signal },
      ),
    { freshMillis: 60_000 },
  );
  if (!query.value || query.value.length < 2) return null;
  const faults = query.value.map(row => row.ServiceSummaryStatistics?.FaultStatistics?.TotalCount ?? 0);
  const band = query.value.map(({ ServiceForecastStatistics: forecast }) => ({
    low: forecast?.FaultCountLow ?? 0,
    high: forecast?.FaultCountHigh ?? 0,
  }));
  const most = Math.max(...faults);
  const expected = Math.max(...band.map(({ high }) => high));
  const label = `Faults in ${Period / 60} minutes: at most ${formatCount(most)}; expected at most ${formatCount(expected)}`;
  return <Sparkline label={label} values={faults} band={band} color="fault" />;
}
