/** Traces of the incident in which the root cause failed: where it failed, with what, and examples. */

import type { Insight } from "../../api/insights";
import { type SampledTraces, sampleTraces, type TraceSample } from "../../api/sample-traces";
import { type Column, DataTable } from "../../components/data-table/data-table";
import { Panel, stateOf } from "../../components/panel/panel";
import { classOf, StatusMark } from "../../components/status-mark/status-mark";
import { useQuery } from "../../components/use-query";
import { formatCount, formatDuration, formatShare, formatTime, visible } from "../../model/format";
import { type CauseRow, faultFilter, tally } from "../../model/insight";
import { address, hrefOf } from "../../shell/navigation";
import styles from "./insights.module.css";
import { incidentParams, incidentWindow } from "./links";

/** Pages of traces that are looked at. */
const PAGES_MAX = 3;
const EXAMPLES = 8;

export function Evidence({ insight }: { insight: Insight }) {
  const filter = faultFilter(insight.RootCauseServiceId ?? { Name: "" });
  const group = insight.GroupName === "Default" ? "" : ` AND group.name = "${insight.GroupName}"`;
  const { start, end } = incidentWindow(insight);
  const request = { StartTime: start, EndTime: end, FilterExpression: filter + group };
  const query = useQuery(
    `insight evidence ${JSON.stringify(request)}`,
    signal => sampleTraces(request, PAGES_MAX, { signal }),
    { freshMillis: 60_000 },
  );
  const found = query.value;
  const href = hrefOf({ route: { page: "traces" }, params: { ...incidentParams(insight), filter } });
  const empty =
    found && found.traces.length === 0
      ? {
          kind: "empty" as const,
          title: "The traces are not there any more",
          detail: "They are kept for as long as the server's retention says; the insight is kept as well.",
        }
      : undefined;
  return (
    <Panel title="Evidence" state={stateOf(query, empty)} actions={<a href={href}>Show these traces</a>}>
      {found && <Found found={found} filter={filter} />}
    </Panel>
  );
}

function Found({ found, filter }: { found: SampledTraces; filter: string }) {
  const { tz } = address.value.params;
  const total = found.traces.length;
  return (
    <>
      <p class={styles.intro}>
        {found.isWhole ? "" : "The newest "}
        {formatCount(total)} traces of the incident match <code>{visible(filter, 300)}</code>.
      </p>
      <h3 class={styles.subtitle}>Root causes of the faults</h3>
      <DataTable
        label="Root causes"
        rows={tally(found.traces)}
        columns={causeColumns(total)}
        keyOf={({ path, exception }) => JSON.stringify([path, exception])}
      />
      <h3 class={styles.subtitle}>Newest of these traces</h3>
      <DataTable
        label="Example traces"
        rows={found.traces.slice(0, EXAMPLES)}
        columns={exampleColumns(tz)}
        keyOf={({ Id }) => Id}
        hrefOf={({ Id }) => hrefOf({ route: { page: "trace", id: Id, view: "timeline" } })}
      />
    </>
  );
}

const causeColumns = (total: number): Column<CauseRow>[] => [
  {
    id: "path",
    title: "Path",
    cell: ({ path }) => (
      <span class={styles.path}>
        {path.map((name, index) => (
          <span key={index}>
            {index > 0 && <span class={styles.muted}>→ </span>}
            {visible(name, 80)}
          </span>
        ))}
      </span>
    ),
  },
  {
    id: "exception",
    title: "Exception",
    cell: ({ exception }) =>
      exception ? <code>{visible(exception, 300)}</code> : <span class={styles.muted}>none recorded</span>,
  },
  { id: "count", title: "Traces", align: "right", cell: ({ count }) => formatCount(count) },
  { id: "share", title: "Share", align: "right", cell: ({ count }) => formatShare(count, total) },
];

const exampleColumns = (tz: "utc" | "local"): Column<TraceSample>[] => [
  {
    id: "request",
    title: "Request",
    cell: ({ Http, EntryPoint, Id }) =>
      visible([Http?.HttpMethod, Http?.HttpURL ?? EntryPoint?.Name ?? Id].filter(Boolean).join(" "), 200),
  },
  {
    id: "status",
    title: "Status",
    isFixed: true,
    cell: trace => (
      <>
        <StatusMark of={classOf({ fault: trace.HasFault, error: trace.HasError })} withWord />{" "}
        {trace.Http?.HttpStatus ?? ""}
      </>
    ),
  },
  {
    id: "start",
    title: "Start",
    isFixed: true,
    cell: ({ StartTime }) => (StartTime === undefined ? "–" : formatTime(StartTime * 1000, tz)),
  },
  {
    id: "time",
    title: "Response time",
    align: "right",
    cell: ({ ResponseTime }) => (ResponseTime === undefined ? "–" : formatDuration(ResponseTime)),
  },
];
