/** Insights: services whose faults left the expected range (spec console.md 6.7). */
import { updateGroup } from "../../api/group-changes";
import type { Insight } from "../../api/insights";
import { invalidate } from "../../api/query";
import { Button } from "../../components/button/button";
import { DataTable } from "../../components/data-table/data-table";
import { Note } from "../../components/form/form";
import { Panel, type PanelState, stateOf } from "../../components/panel/panel";
import { useQuery } from "../../components/use-query";
import { formatAge, visible } from "../../model/format";
import { address, adjust, go, hrefOf } from "../../shell/navigation";
import { now, shownWindow } from "../../shell/time";
import { insightColumns } from "./columns";
import styles from "./insights.module.css";
import { type InsightList, loadInsights, newestInsight } from "./load";

const STATES = [
  { value: undefined, label: "All" },
  { value: "active", label: "Active" },
  { value: "closed", label: "Closed" },
] as const;
/** Rows drawn: each has a line of its own to load. */
const ROWS_MAX = 100;

export default function Insights() {
  const { params } = address.value;
  const { group, view, q } = params;
  const window = shownWindow.value;
  const key = `insights ${window.start} ${window.end} ${group ?? ""}`;
  const query = useQuery(key, signal => loadInsights(group, window, signal));
  const list = query.value;
  const shown = (list?.insights ?? []).filter(insight => matches(insight, view, q));
  const isNothing = list !== undefined && shown.length === 0;
  const newest = useQuery(isNothing ? `insights newest ${now.value} ${group ?? ""}` : undefined, signal =>
    newestInsight(group, signal),
  );
  const empty = list && isNothing ? emptyState(list, group, newest.value) : undefined;
  return (
    <Panel title="Insights" state={stateOf(query, empty)} actions={<Filters view={view} q={q} />}>
      {list && <Watched list={list} />}
      <DataTable
        label="Insights"
        rows={shown.slice(0, ROWS_MAX)}
        columns={insightColumns(params.tz, now.value)}
        keyOf={insight => insight.InsightId}
        sort={params.sort}
        onSort={sort => adjust({ params: { sort } })}
        hrefOf={insight => hrefOf({ route: { page: "insight", id: insight.InsightId } })}
      />
      {shown.length > ROWS_MAX && (
        <p class={styles.intro}>
          The newest {ROWS_MAX} of {shown.length} are shown; a narrower range shows the others.
        </p>
      )}
    </Panel>
  );
}

function matches(insight: Insight, view: string | undefined, q: string | undefined): boolean {
  if (view && insight.State.toLowerCase() !== view) return false;
  if (!q) return true;
  const services = [insight.RootCauseServiceId, ...insight.TopAnomalousServices.map(one => one.ServiceId)];
  return services.some(service => service?.Name.toLowerCase().includes(q.toLowerCase()));
}

function Filters({ view, q }: { view: string | undefined; q: string | undefined }) {
  return (
    <search class={styles.filters}>
      <input
        type="text"
        aria-label="Service"
        placeholder="Service"
        class={styles.search}
        value={q ?? ""}
        autocomplete="off"
        spellcheck={false}
        onInput={event => adjust({ params: { q: event.currentTarget.value || undefined } })}
      />
      <fieldset class={styles.states}>
        <legend class="visually-hidden">State</legend>
        {STATES.map(({ value, label }) => (
          <Button
            key={label}
            look="quiet"
            aria-pressed={view === value}
            onClick={() => adjust({ params: { view: value } })}
          >
            {label}
          </Button>
        ))}
      </fieldset>
    </search>
  );
}

/** Which groups are looked at, and how to look at others. */
function Watched({ list }: { list: InsightList }) {
  if (list.unwatched.length === 0) return null;
  return (
    <p class={styles.intro}>
      Not watched:{" "}
      {list.unwatched.map((name, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <a href={groupHref(name)}>{visible(name)}</a>
        </span>
      ))}
      . Insights are switched on in a group.
    </p>
  );
}

const groupHref = (name: string): string => hrefOf({ route: { page: "groups", name } });

const MONTH_MILLIS = 30 * 86_400_000;

function emptyState(list: InsightList, group: string | undefined, newest: Insight | undefined): PanelState {
  if (list.watched.length === 0) return unwatchedState(group);
  if (list.insights.length > 0) {
    return {
      kind: "empty",
      title: "No insight is like that",
      detail: `${list.insights.length} in this range are of another state or service.`,
      action: <Button onClick={() => adjust({ params: { view: undefined, q: undefined } })}>Show all</Button>,
    };
  }
  if (newest) {
    const showMonth = () => go({ params: { timeRange: { kind: "relative", millis: MONTH_MILLIS } } });
    return {
      kind: "empty",
      title: "No insight in this range",
      detail: `The newest began ${formatAge(newest.StartTime * 1000, Date.now())}, at ${visible(newest.RootCauseServiceId?.Name ?? "", 100)}.`,
      action: <Button onClick={showMonth}>Show the last 30 days</Button>,
    };
  }
  return {
    kind: "empty",
    title: "No insights in 30 days",
    detail: (
      <>
        The faults of every service of {list.watched.map(name => visible(name)).join(", ")} are compared with
        what is expected of it, every minute. When they leave that range for three minutes of five, an insight
        begins. A service is learned for half an hour first.
      </>
    ),
  };
}

function unwatchedState(group: string | undefined): PanelState {
  const name = group ?? "Default";
  const watch = async () => {
    await updateGroup({
      GroupName: name,
      InsightsConfiguration: { InsightsEnabled: true, NotificationsEnabled: false },
    });
    invalidate("insights");
    invalidate("group");
  };
  return {
    kind: "empty",
    title: group ? `${visible(group)} is not watched` : "No group is watched",
    detail: (
      <>
        An insight is one incident: services whose faults rose above the range expected of them, the one where
        it began, who was affected and when it was over. Insights are found in groups that are watched;
        Default holds all traces.
      </>
    ),
    action: (
      <>
        <Button look="primary" onClick={watch}>
          {name === "Default" ? "Watch all traces" : `Watch ${visible(name)}`}
        </Button>
        <a class={styles.link} href={groupHref(name)}>
          Open the group
        </a>
      </>
    ),
  };
}

/** For a page of one insight: its group is not watched any more. */
export function UnwatchedNote({ name }: { name: string }) {
  return (
    <Note look="warning">
      Insights are off for <a href={groupHref(name)}>{visible(name)}</a>: this one is not followed any more.
    </Note>
  );
}
