/** Counts over time, and the distribution of response times; both narrow the question by brushing. */
import { useMemo } from "preact/hooks";
import { Histogram } from "../../components/histogram/histogram";
import { TimeChart, type TimeSeries } from "../../components/time-chart/time-chart";
import { responseTimeOf } from "../../model/filter/clauses";
import { formatDuration } from "../../model/format";
import type { ScaleKind } from "../../model/scale";
import { bucketStarts, type Timeline } from "../../model/search/aggregates";
import type { SearchState } from "../../model/search/state";
import { address } from "../../shell/navigation";
import { remember, remembered } from "../../shell/preferences";
import type { Window } from "../../url/time-range";
import styles from "./traces.module.css";

const HEIGHT = 116;
const SCALE = "traces.scale";
const isScale = (value: unknown): value is ScaleKind => value === "log" || value === "linear";

export function Strip(props: {
  state: SearchState;
  window: Window;
  filter: string;
  onWindow: (window: Window) => void;
  onRange: (range: [number, number] | undefined) => void;
}) {
  const { state, filter } = props;
  const { aggregates, phase, progress } = state;
  const timeline = aggregates?.timeline;
  const series = useMemo(() => seriesOf(timeline), [timeline]);
  const times = useMemo(() => (timeline ? bucketStarts(timeline) : []), [timeline]);
  const responses = aggregates?.responseTimes;
  const isPart = phase !== "done" && !state.areCountsStale && progress !== undefined;
  const scale = remembered(SCALE, isScale) ?? "log";
  const chosen = responseTimeOf(filter);
  const top = responses?.buckets.at(-1)?.to ?? 0;
  return (
    <div class={styles.strip} data-stale={state.areCountsStale}>
      <div class={styles.timeline}>
        <TimeChart
          label="Traces over time"
          times={times}
          bucketMillis={timeline?.bucketMillis ?? 1}
          series={series}
          window={props.window}
          zone={address.value.params.tz}
          height={HEIGHT}
          formatRight={formatDuration}
          onWindow={props.onWindow}
          onBucket={props.onWindow}
          covered={isPart ? { start: progress.doneTo, end: props.window.end } : undefined}
        />
      </div>
      <div class={styles.distribution}>
        <Histogram
          label="Response time"
          buckets={responses?.buckets ?? []}
          marks={[
            { label: "p50", at: responses?.p50 },
            { label: "p90", at: responses?.p90 },
            { label: "p99", at: responses?.p99 },
          ]}
          scale={scale}
          onScale={next => remember(SCALE, next)}
          height={HEIGHT - 18}
          range={top > 0 && chosen ? [chosen[0], Math.min(chosen[1], Math.max(top, chosen[0]))] : undefined}
          onRange={props.onRange}
        />
      </div>
    </div>
  );
}

/** From the bottom: what is wrong is always on the ground line. */
function seriesOf(timeline: Timeline | undefined): TimeSeries[] {
  const stack = (label: string, color: "ok" | "error" | "fault" | "throttle"): TimeSeries => ({
    label,
    values: timeline?.[color] ?? [],
    color,
    kind: "stack",
  });
  return [
    stack("Fault", "fault"),
    stack("Throttle", "throttle"),
    stack("Error", "error"),
    stack("OK", "ok"),
    { label: "p90", values: timeline?.p90 ?? [], color: "text", kind: "line", axis: "right" },
  ];
}
