import { useMemo } from "preact/hooks";
import { Panel, stateOf } from "../../components/panel/panel";
import { TimeChart, type TimeSeries } from "../../components/time-chart/time-chart";
import { useQuery } from "../../components/use-query";
import { formatDuration } from "../../model/format";
import type { GraphSeries } from "../../model/graph/series";
import { address, go } from "../../shell/navigation";
import type { Window } from "../../url/time-range";
import { loadSeries } from "./load-graph";
import styles from "./map-panel.module.css";

interface ChartsProps {
  selector: string;
  window: Window;
  /** The traces of a part of the range. */
  hrefOf: (window: Window) => string;
}

/** Requests, response times and faults over the range; a click opens the traces of that time. */
export function MapCharts({ selector, window, hrefOf }: ChartsProps) {
  const { group, tz } = address.value.params;
  const key = `series ${group ?? ""} ${window.start} ${window.end} ${selector}`;
  const query = useQuery(key, signal => loadSeries(window, selector, group, signal));
  const charts = useMemo(() => (query.value ? chartsOf(query.value) : []), [query.value]);
  return (
    <section class={styles.part} aria-label="Over the range">
      <h3>Over the range</h3>
      <Panel state={stateOf(query)}>
        {charts.map(chart => (
          <TimeChart
            key={chart.label}
            label={chart.label}
            times={query.value?.times ?? []}
            bucketMillis={query.value?.bucketMillis ?? 60_000}
            series={chart.series}
            window={window}
            zone={tz}
            height={84}
            {...(chart.format ? { formatLeft: chart.format } : {})}
            cursorKey="trace map panel"
            onWindow={({ start, end }) => go({ params: { timeRange: { kind: "absolute", start, end } } })}
            onBucket={bucket => {
              location.hash = hrefOf(bucket).replace(/^#/, "");
            }}
          />
        ))}
      </Panel>
    </section>
  );
}

interface Chart {
  label: string;
  series: TimeSeries[];
  format?: (value: number) => string;
}

function chartsOf({ counts, p50, p90, p99 }: GraphSeries): Chart[] {
  const stack = (label: string, of: "ok" | "error" | "throttle" | "fault"): TimeSeries => ({
    label,
    values: counts.map(count => count[of]),
    color: of,
    kind: "stack",
  });
  const line = (
    label: string,
    values: (number | null)[],
    color: TimeSeries["color"],
    isDashed = false,
  ): TimeSeries => ({
    label,
    values,
    color,
    kind: "line",
    isDashed,
  });
  return [
    {
      label: "Requests",
      series: [
        stack("OK", "ok"),
        stack("Error", "error"),
        stack("Throttle", "throttle"),
        stack("Fault", "fault"),
      ],
    },
    {
      label: "Response time",
      series: [line("p50", p50, "muted"), line("p90", p90, "accent"), line("p99", p99, "text", true)],
      format: formatDuration,
    },
    { label: "Faults", series: [stack("Fault", "fault")] },
  ];
}
