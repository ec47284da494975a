/** What the list covers, how far the search is, and what can be done with the rows. */
import { useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { getTraceDocuments } from "../../api/trace-documents";
import { Button } from "../../components/button/button";
import { Icon } from "../../components/icon/icon";
import { Menu } from "../../components/menu/menu";
import { Polite, ProgressLine, progressText } from "../../components/progress-line/progress-line";
import { formatClock, formatCount, formatDuration, visible } from "../../model/format";
import { type Column, csvOf, DEFAULT_COLUMNS } from "../../model/search/row";
import { canContinue, type SearchState } from "../../model/search/state";
import { address, adjust } from "../../shell/navigation";
import { ColumnChooser } from "./column-chooser";
import { type Question, runner } from "./runner";
import { save } from "./save";
import { selected } from "./selection";
import styles from "./traces.module.css";

export function StatusLine(props: { state: SearchState; onRefine: () => void; columns: readonly Column[] }) {
  const { state } = props;
  const { phase, progress } = state;
  return (
    <div class={styles.status}>
      <Button look="quiet" class={styles.refine} onClick={props.onRefine}>
        <Icon name="filter" size={14} /> Refine
      </Button>
      {phase === "running" ? (
        <ProgressLine
          progress={progress ?? { matched: 0, scanned: 0, share: 0, elapsedMillis: 0 }}
          onStop={() => runner.stop()}
        />
      ) : (
        <Outcome state={state} />
      )}
      <span class={styles.tools}>
        <Export state={state} />
        <ColumnChooser
          columns={props.columns}
          keys={(state.aggregates?.facets ?? []).flatMap(facet =>
            facet.key.startsWith("annotation.") ? [facet.key.slice("annotation.".length)] : [],
          )}
          onColumns={next =>
            adjust({ params: { cols: String(next) === String(DEFAULT_COLUMNS) ? undefined : [...next] } })
          }
        />
      </span>
    </div>
  );
}

function Outcome({ state }: { state: SearchState }) {
  const { phase, progress, error } = state;
  const continuing = canContinue(state) && (
    <Button look="quiet" class={styles.action} onClick={() => runner.resume()}>
      Continue
    </Button>
  );
  const again = (
    <Button look="quiet" class={styles.action} onClick={() => runner.retry()}>
      {state.isStale || !canContinue(state) ? "Try again" : "Start again"}
    </Button>
  );
  if (phase === "failed" && error) {
    // A bad filter is said under the filter; here stands what the rows are.
    const isBadFilter = error instanceof ApiError && error.status === 400;
    const words = isBadFilter ? "The filter was not understood" : wordsOf(error);
    const kept = state.isStale
      ? "; what is shown is of the search before"
      : state.rows.length > 0
        ? "; what had come stays"
        : "";
    return (
      <p class={styles.failed} role={isBadFilter ? undefined : "alert"}>
        {words}
        {kept}. {progress && !state.isStale && progressText(progress)} {continuing}
        {!isBadFilter && again}
      </p>
    );
  }
  if (phase === "stopped") {
    const at = progress ? formatClock(progress.doneTo, address.value.params.tz) : undefined;
    return (
      <p class={styles.total}>
        {progress ? `Stopped at ${at} · ${progressText(progress)}` : "Stopped before anything was found"}{" "}
        {continuing}
        {!continuing && again}
      </p>
    );
  }
  const text = totalsOf(state, runner.question.value);
  return (
    <p class={styles.total}>
      {text} {continuing}
      <Polite text={text} />
      {error && !state.isStale && (
        <span class={styles.failed}>
          Further rows could not be read: {visible(error.message, 200)}{" "}
          <Button look="quiet" class={styles.action} onClick={() => runner.more()}>
            Try again
          </Button>
        </span>
      )}
    </p>
  );
}

function wordsOf(error: Error): string {
  if (error instanceof ApiError && error.isOffline) return "The connection was lost";
  if (error instanceof ApiError && error.status === 403) return `Not allowed: ${visible(error.message, 200)}`;
  const request = error instanceof ApiError && error.requestId ? ` (request ${error.requestId})` : "";
  return `The search failed: ${visible(error.message, 300)}${request}`;
}

/** `2,310 traces in 15 min, all scanned`, or which part of them is listed. */
export function totalsOf(state: SearchState, question: Question | undefined): string {
  const { progress, rows, limit } = state;
  if (!progress || !question) return "";
  const range = rangeText(question.end - question.start);
  const matched = formatCount(progress.matched);
  const noun = progress.matched === 1 ? "trace" : "traces";
  const took = `${formatCount(progress.scanned)} scanned in ${formatDuration(progress.elapsedMillis / 1000)}`;
  if (limit === "time")
    return `${matched} ${noun} so far: the server's time limit ended the search · ${took}`;
  if (limit === "rows" && state.next === undefined) {
    return `First ${formatCount(rows.length)} of ≥ ${matched} ${noun} in ${range}: narrow the filter or the range`;
  }
  if (rows.length >= progress.matched) return `${matched} ${noun} in ${range}, all scanned · ${took}`;
  const order = ORDERS[question.sort];
  return `${order} ${formatCount(rows.length)} of ${matched} ${noun} in ${range}, all scanned · ${took}`;
}

/** `15 min`, `6 h`, `7 d`; other lengths as any duration. */
function rangeText(millis: number): string {
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
  ] as const;
  const found = units.find(([size]) => millis % size === 0);
  return found ? `${millis / found[0]} ${found[1]}` : formatDuration(millis / 1000);
}

const ORDERS: Record<Question["sort"], string> = {
  newest: "Newest",
  oldest: "Oldest",
  slowest: "Slowest",
  fastest: "Fastest",
  longest: "Longest",
  shortest: "Shortest",
};

/** Documents of more traces are a matter of a program, not of a page. */
const DOCUMENTS_MAX = 500;

function Export({ state }: { state: SearchState }) {
  const [note, setNote] = useState<string>();
  const { ids } = selected.value;
  const rows = ids.size > 0 ? state.rows.filter(row => ids.has(row.id)) : state.rows;
  const what =
    ids.size > 0 ? `${formatCount(ids.size)} selected` : `${formatCount(state.rows.length)} listed`;
  const documents = async () => {
    setNote("Fetching documents …");
    try {
      const traces = await getTraceDocuments(rows.slice(0, DOCUMENTS_MAX).map(row => row.id));
      save("traces.json", "application/json", `${JSON.stringify({ Traces: traces }, null, 1)}\n`);
      setNote(undefined);
    } catch (cause) {
      setNote(`Not exported: ${visible(cause instanceof Error ? cause.message : String(cause), 200)}`);
    }
  };
  return (
    <>
      {ids.size > 0 && (
        <Button
          look="quiet"
          class={styles.action}
          onClick={() => {
            selected.value = { ids: new Set(), last: undefined };
          }}
        >
          {formatCount(ids.size)} selected: clear
        </Button>
      )}
      <span role="status">{note}</span>
      <Menu
        look="quiet"
        label="Export"
        align="end"
        disabled={state.rows.length === 0}
        button={
          <>
            <Icon name="download" size={14} /> Export
          </>
        }
        items={[
          { id: "what", heading: what },
          {
            id: "csv",
            label: "Summaries as CSV",
            onSelect: () => save("traces.csv", "text/csv;charset=utf-8", csvOf(rows)),
          },
          {
            id: "json",
            label: "Documents as JSON",
            detail: rows.length > DOCUMENTS_MAX ? `first ${DOCUMENTS_MAX}` : undefined,
            onSelect: () => {
              documents();
            },
          },
        ]}
      />
    </>
  );
}
