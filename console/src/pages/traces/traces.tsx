/** The list of traces (spec console.md 6.2): one question in the address, its answers as they stream in. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { FilterEditor } from "../../components/filter-editor/filter-editor";
import { chosenOf, joinClauses, responseTimeClauses, withResponseTime } from "../../model/filter/clauses";
import { columnsOf, sortOf } from "../../model/search/row";
import { type KeyBinding, useKeys } from "../../shell/keys";
import { mark } from "../../shell/marks";
import { address, adjust, go } from "../../shell/navigation";
import { refreshed, shownWindow, showRange } from "../../shell/time";
import type { TimeRange, Window } from "../../url/time-range";
import { List } from "./list";
import { Refiners } from "./refiners";
import { runner } from "./runner";
import { StatusLine } from "./status-line";
import { Strip } from "./strip";
import styles from "./traces.module.css";

const FILTER_FIELD = "traces-filter";

export default function Traces() {
  const { params } = address.value;
  const { filter = "", group, cols } = params;
  const sort = sortOf(params.sort);
  const { start, end } = shownWindow.value;
  const state = runner.state.value;
  useFoldedResponseTime(filter, params.rt);
  const key = JSON.stringify([start, end, filter, group, sort, refreshed.value]);
  useEffect(() => runner.ask(key, { start, end, filter, group, sort }), [key]);
  useEffect(() => () => runner.leave(), []);
  useMarks(state.rows.length > 0 && !state.isStale);
  const undo = useUndoneRange();
  const [isRefining, setRefining] = useState<boolean>();
  useKeys("Traces", [
    { keys: "/", does: "To the filter", run: focusFilter },
    { keys: "Escape", does: "Undo the range chosen on the chart", run: undo.run },
  ]);

  const setFilter = (next: string) => go({ params: { filter: next || undefined } });
  const columns = useMemo(() => columnsOf(cols), [cols?.join()]);
  return (
    <div class={styles.page}>
      <div class={styles.top}>
        <FilterEditor
          value={filter}
          onRun={next => (next === filter ? runner.retry() : setFilter(next))}
          error={serverError(state.error, filter)}
          scope={{ start, end, group, known: state.aggregates?.facets }}
          fieldId={FILTER_FIELD}
        />
      </div>
      <Strip
        state={state}
        window={{ start, end }}
        filter={filter}
        onWindow={undo.show}
        onRange={range => setFilter(withResponseTime(filter, range))}
      />
      <div class={styles.body} data-refining={isRefining}>
        <Refiners state={state} filter={filter} onFilter={setFilter} />
        <div class={styles.results}>
          <StatusLine state={state} onRefine={() => setRefining(!(isRefining ?? false))} columns={columns} />
          <List
            state={state}
            columns={columns}
            sort={sort}
            onSort={next => go({ params: { sort: next === "newest" ? undefined : next } })}
            onColumns={next => adjust({ params: { cols: [...next] } })}
            filter={filter}
            onFilter={setFilter}
          />
        </div>
      </div>
    </div>
  );
}

function focusFilter(): undefined {
  document.getElementById(FILTER_FIELD)?.focus();
  return undefined;
}

/** `rt` of links from charts becomes a clause like any other: seen, and removable. */
function useFoldedResponseTime(filter: string, rt: [number, number] | undefined): void {
  useEffect(() => {
    if (!rt) return;
    const clauses = responseTimeClauses(rt);
    const isThere = clauses.every(clause => chosenOf(filter, [clause]).length > 0);
    const next = isThere ? filter : withResponseTime(filter, rt) || joinClauses(clauses);
    adjust({ params: { rt: undefined, filter: next || undefined } });
  }, [rt?.join()]);
}

/** A range brushed on a chart, and `Esc` right after that takes it back. */
function useUndoneRange(): { show: (window: Window) => void; run: KeyBinding["run"] } {
  const before = useRef<{ range: TimeRange; brushed: string } | undefined>(undefined);
  return {
    show: window => {
      const range = { kind: "absolute", ...window } as const;
      before.current = { range: address.value.params.timeRange, brushed: JSON.stringify(range) };
      showRange(range);
    },
    run: () => {
      const kept = before.current;
      before.current = undefined;
      if (!kept || JSON.stringify(address.value.params.timeRange) !== kept.brushed) return false;
      showRange(kept.range);
      return undefined;
    },
  };
}

/** Marks the way of the first rows to the screen. */
function useMarks(hasRows: boolean): void {
  const isMarked = useRef(false);
  if (hasRows && !isMarked.current) {
    mark("data");
    mark("model");
  }
  useEffect(() => {
    if (!hasRows || isMarked.current) return;
    isMarked.current = true;
    mark("paint");
  }, [hasRows]);
}

/** What the server said of the filter, with offsets as the text field counts them. */
function serverError(error: Error | undefined, filter: string) {
  if (!(error instanceof ApiError) || error.status !== 400) return undefined;
  const characters = [...filter];
  const offset = (count: number) => characters.slice(0, count).join("").length;
  const from = offset(error.position ?? 0);
  const to = error.position === undefined ? filter.length : offset(error.position + (error.length ?? 1));
  const message = error.message.replace(/^Invalid filter expression: | at position \d+\.?$/g, "");
  return { message, from, to: Math.max(to, from + 1), suggestion: error.suggestion };
}
