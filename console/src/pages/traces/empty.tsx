/** Why nothing is listed, and the way on (spec console.md 5). */
import { useState } from "preact/hooks";
import { sendSampleTrace } from "../../api/sample-trace";
import { search } from "../../api/search";
import { getServer, type ServerInfo } from "../../api/server";
import { Button } from "../../components/button/button";
import { Failure, Panel, stateOf } from "../../components/panel/panel";
import { useQuery } from "../../components/use-query";
import { clausesOf, removeClause } from "../../model/filter/clauses";
import { formatAge, formatTime, visible } from "../../model/format";
import type { SearchState } from "../../model/search/state";
import { address, go } from "../../shell/navigation";
import { now, refresh, showRange } from "../../shell/time";
import { type Question, runner } from "./runner";
import styles from "./traces.module.css";

export function Empty(props: { state: SearchState; filter: string; onFilter: (filter: string) => void }) {
  const { state } = props;
  const question = runner.question.value;
  if (state.phase === "failed" && state.error)
    return <Failure error={state.error} retry={() => runner.retry()} />;
  if (state.phase === "stopped" || !question) {
    return <Panel state={{ kind: "empty", title: "Stopped before anything was found" }} />;
  }
  return <Nothing question={question} filter={props.filter} onFilter={props.onFilter} />;
}

function Nothing(props: { question: Question; filter: string; onFilter: (filter: string) => void }) {
  const { question, filter } = props;
  const server = useQuery("server", signal => getServer({ signal }), { freshMillis: 0 });
  const info = server.value;
  const isEmptyServer = info !== undefined && !info.storage.hasTraces;
  const key = isEmptyServer || (!info && !server.error) ? undefined : `probe ${JSON.stringify(question)}`;
  const found = useQuery(key, signal => newestBefore(question, info, signal), { keep: false });
  if (isEmptyServer) return <NoDataAtAll />;
  if (found.value === undefined) return <Panel state={stateOf(found)} />;
  if (found.value !== "none") return <DataElsewhere at={found.value} question={question} />;
  const parts = clausesOf(filter) ?? [];
  return (
    <Panel
      state={{
        kind: "empty",
        title: parts.length > 0 ? "No trace matches all of this" : "No traces here",
        detail:
          parts.length > 0
            ? "Not in this range, and not before it. Take a part away:"
            : "Nothing in this range, and nothing before it.",
        action: parts.map(({ text }, at) => (
          <Button key={text} onClick={() => props.onFilter(removeClause(filter, at))}>
            without <code>{visible(text, 80)}</code>
          </Button>
        )),
      }}
    />
  );
}

function DataElsewhere({ at, question }: { at: number; question: Question }) {
  const width = question.end - question.start;
  const zone = address.value.params.tz;
  // The trace a little before the end, so that it is seen with what led to it.
  const end = Math.ceil((at + width * 0.1) / 1000) * 1000;
  return (
    <Panel
      state={{
        kind: "empty",
        title: "Nothing in this range",
        detail: (
          <span title={formatTime(at, zone)}>
            Newest {question.filter ? "matching " : ""}trace {formatAge(at, now.value)}
          </span>
        ),
        action: (
          <Button look="primary" onClick={() => showRange({ kind: "absolute", start: end - width, end })}>
            Go there
          </Button>
        ),
      }}
    />
  );
}

function NoDataAtAll() {
  const [said, setSaid] = useState<string>();
  const send = async () => {
    try {
      await sendSampleTrace();
      setSaid("Sent; it appears in a moment");
      refresh();
    } catch (cause) {
      setSaid(`Not sent: ${visible(cause instanceof Error ? cause.message : String(cause), 200)}`);
    }
  };
  return (
    <Panel
      state={{
        kind: "empty",
        title: "No traces yet",
        detail: (
          <>
            Point an X-Ray SDK, the X-Ray daemon or an OpenTelemetry exporter at this server.
            <span class={styles.said} role="status">
              {said}
            </span>
          </>
        ),
        action: (
          <>
            <Button look="primary" onClick={() => go({ route: { page: "getting-started" } })}>
              Getting started
            </Button>
            <Button onClick={send}>Send a sample trace</Button>
          </>
        ),
      }}
    />
  );
}

/** The start of the newest matching trace before the range; one cheap search that ends with its first row. */
async function newestBefore(
  question: Question,
  info: ServerInfo | undefined,
  signal: AbortSignal,
): Promise<number | "none"> {
  const { oldestTraceUnixNanos: oldest, newestTraceUnixNanos: newest } = info?.storage ?? {};
  const newestMillis = newest === undefined ? undefined : Number(newest) / 1e6;
  if (!question.filter && !question.group && newestMillis !== undefined && newestMillis < question.start) {
    return newestMillis;
  }
  const start = oldest === undefined ? question.start - DAY_MILLIS : Number(oldest) / 1e6;
  if (start >= question.start) return "none";
  const end = question.start;
  const request = {
    ...question,
    start: Math.floor(start),
    end,
    sort: "newest" as const,
    rows: 1,
    aggregates: false,
    timelineBuckets: 1,
    facetValues: 1,
  };
  for await (const event of search(request, { signal })) {
    const [row] = event.kind === "rows" ? event.rows : [];
    if (row) return row.start;
  }
  return "none";
}

/** Where the server does not say how far back there is anything. */
const DAY_MILLIS = 86_400_000;
