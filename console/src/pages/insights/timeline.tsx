/** The events of an insight as they were recorded; the time chosen here also moves the impact map. */
import type { Insight, InsightEvent } from "../../api/insights";
import { Panel } from "../../components/panel/panel";
import { formatClock, formatDuration, formatTime, visible } from "../../model/format";
import { whatChanged } from "../../model/insight";
import { address, adjust } from "../../shell/navigation";
import { ImpactMap } from "./impact-map";
import styles from "./insights.module.css";
import { incidentWindow } from "./links";
import { Shares } from "./services";

const MINUTE = 60;

export function Timeline({ insight, events }: { insight: Insight; events: InsightEvent[] }) {
  const { tz, view } = address.value.params;
  const { start, end } = incidentWindow(insight);
  // A closed insight is told of after it was over.
  const last = Math.max(end, events[0]?.EventTime ?? end);
  const asked = Number(view);
  const at = view && Number.isFinite(asked) ? Math.min(Math.max(asked, start), last) : last;
  const choose = (time: number) => adjust({ params: { view: String(Math.round(time)) } });
  const index = events.findIndex(event => event.EventTime <= at);
  const current = index >= 0 ? events[index] : undefined;
  const clock = (seconds: number) => formatClock(seconds * 1000, tz);
  return (
    <Panel title="Timeline">
      <div class={styles.padded}>
        <label class={styles.scrubber}>
          <span class={styles.muted}>{clock(start)}</span>
          <input
            type="range"
            aria-label="Time in the incident"
            aria-valuetext={formatTime(at * 1000, tz)}
            min={start}
            max={last}
            step={MINUTE}
            value={at}
            onInput={event => choose(Number(event.currentTarget.value))}
          />
          <span class={styles.muted}>{insight.EndTime === undefined ? "now" : clock(last)}</span>
          <output>{clock(at)}</output>
        </label>
        <div class={styles.moment}>
          <ol class={styles.events} aria-label="Events, newest first">
            {events.map((event, place) => (
              <li key={event.EventTime}>
                <button
                  type="button"
                  class={styles.event}
                  aria-current={event === current ? "time" : undefined}
                  onClick={() => choose(event.EventTime)}
                >
                  <time title={formatTime(event.EventTime * 1000, tz)}>{clock(event.EventTime)}</time>
                  <span>
                    <b>{visible(whatChanged(event, events[place + 1]), 200)}</b>
                    <span class={styles.muted}> after {formatDuration(event.EventTime - start)}</span>
                    <span class={styles.summary}>{visible(event.Summary, 400)}</span>
                  </span>
                </button>
              </li>
            ))}
          </ol>
          <div class={styles.then}>
            {current && (
              <>
                <Shares title="Clients until then" counts={current.ClientRequestImpactStatistics} />
                <Shares
                  title={`${visible(insight.RootCauseServiceId?.Name ?? "Root cause", 80)} until then`}
                  counts={current.RootCauseServiceRequestImpactStatistics}
                />
              </>
            )}
            <ImpactMap
              insight={insight}
              start={start}
              at={Math.max(at, start + MINUTE)}
              anomalous={(current ?? insight).TopAnomalousServices.map(({ ServiceId }) => ServiceId)}
            />
          </div>
        </div>
      </div>
    </Panel>
  );
}
