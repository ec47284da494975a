/** One insight: what happened, to whom, when, and the evidence (spec console.md 6.7). */
import { getGroups } from "../../api/get-groups";
import { getInsight, getInsightEvents, type Insight, type InsightEvent } from "../../api/insights";
import { Panel, stateOf } from "../../components/panel/panel";
import { useQuery } from "../../components/use-query";
import { formatAge, formatDuration, formatTime, visible } from "../../model/format";
import { around, lasted } from "../../model/insight";
import { address, hrefOf } from "../../shell/navigation";
import { now } from "../../shell/time";
import { Evidence } from "./evidence";
import { Impact } from "./impact";
import { InsightState } from "./insight-state";
import { UnwatchedNote } from "./insights";
import styles from "./insights.module.css";
import { Services } from "./services";
import { Timeline } from "./timeline";

export default function InsightPage() {
  const { route } = address.value;
  const id = route.page === "insight" ? route.id : "";
  const query = useQuery(`insight ${id} ${now.value}`, signal => getInsight(id, { signal }), { keep: true });
  const events = useQuery(`insight events ${id} ${now.value}`, signal => getInsightEvents(id, { signal }));
  const insight = query.value;
  return (
    <div class={styles.page}>
      <a class={styles.back} href={hrefOf({ route: { page: "insights" } })}>
        ← Insights
      </a>
      <Panel state={stateOf(query)}>
        {insight && <Whole insight={insight} events={events.value ?? []} />}
      </Panel>
    </div>
  );
}

function Whole({ insight, events }: { insight: Insight; events: InsightEvent[] }) {
  const nowSeconds = now.value / 1000;
  const window = around(insight, nowSeconds);
  const groups = useQuery(`groups of-insight ${now.value}`, signal => getGroups({ signal }));
  const group = groups.value?.find(({ GroupName }) => GroupName === insight.GroupName);
  const isUnwatched = group && !(group.InsightsConfiguration?.InsightsEnabled ?? false);
  return (
    <>
      <Overview insight={insight} />
      {isUnwatched && insight.State === "ACTIVE" && <UnwatchedNote name={insight.GroupName} />}
      <div class={styles.columns}>
        <Impact insight={insight} window={window} />
        <Services insight={insight} />
      </div>
      <Timeline insight={insight} events={events} />
      <Evidence insight={insight} />
    </>
  );
}

function Overview({ insight }: { insight: Insight }) {
  const { tz } = address.value.params;
  const root = insight.RootCauseServiceId;
  const clock = (seconds: number) => (
    <time title={formatAge(seconds * 1000, now.value)}>{formatTime(seconds * 1000, tz)}</time>
  );
  return (
    <header class={styles.overview}>
      <div class={styles.heading}>
        <h2>
          {insight.Categories.includes("FAULT") ? "Faults" : "Anomaly"} of{" "}
          {visible(root?.Name ?? "unknown", 120)}
        </h2>
        <InsightState state={insight.State} />
      </div>
      <p class={styles.sentence}>{visible(insight.Summary, 600)}</p>
      <dl class={styles.facts}>
        <div>
          <dt>Group</dt>
          <dd>
            <a href={hrefOf({ route: { page: "groups", name: insight.GroupName } })}>
              {visible(insight.GroupName)}
            </a>
          </dd>
        </div>
        <div>
          <dt>Began</dt>
          <dd>{clock(insight.StartTime)}</dd>
        </div>
        <div>
          <dt>{insight.EndTime === undefined ? "Lasts" : "Lasted"}</dt>
          <dd>{formatDuration(lasted(insight, now.value / 1000))}</dd>
        </div>
        {insight.EndTime !== undefined && (
          <div>
            <dt>Ended</dt>
            <dd>{clock(insight.EndTime)}</dd>
          </div>
        )}
        {root?.Type && (
          <div>
            <dt>Type of the root cause</dt>
            <dd>{visible(root.Type, 120)}</dd>
          </div>
        )}
      </dl>
    </header>
  );
}
