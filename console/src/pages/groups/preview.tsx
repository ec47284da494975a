/** What an expression would find: matches of the last 15 minutes, their share, three of them. */
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { type SearchRequest, search } from "../../api/search";
import { StatusMark } from "../../components/status-mark/status-mark";
import { type QueryResult, useQuery } from "../../components/use-query";
import { formatCount, formatDuration, formatShare, visible } from "../../model/format";
import { classOfRow, type TraceRow } from "../../model/search/row";
import { hrefOf } from "../../shell/navigation";
import { now } from "../../shell/time";
import styles from "./groups.module.css";

const MINUTES = 15;
const SAMPLES = 3;
/** While a person types, the server is left alone. */
const TYPING_MILLIS = 400;

export interface Preview {
  matched: number;
  examined: number;
  /** False: the server's time was up before the start of the range. */
  isWhole: boolean;
  samples: TraceRow[];
}

/** The preview of an expression, once it has been left alone for a moment; of `undefined` none. */
export function usePreview(expression: string | undefined): QueryResult<Preview> {
  const settled = useSettled(expression?.trim());
  return useQuery(
    settled === undefined ? undefined : `group-preview ${now.value} ${settled}`,
    signal => readPreview(settled ?? "", now.value, signal),
    { freshMillis: 60_000 },
  );
}

async function readPreview(filter: string, end: number, signal: AbortSignal): Promise<Preview> {
  const request: SearchRequest = {
    start: end - MINUTES * 60_000,
    end,
    filter,
    group: undefined,
    sort: "newest",
    rows: SAMPLES,
    // Rows alone would end the search when they are there: the counts are what is wanted.
    aggregates: true,
    timelineBuckets: 1,
    facetValues: 1,
  };
  const preview: Preview = { matched: 0, examined: 0, isWhole: true, samples: [] };
  for await (const event of search(request, { signal })) {
    if (event.kind === "rows") {
      const before = event.isReplacing ? [] : preview.samples;
      preview.samples = [...before, ...event.rows].slice(0, SAMPLES);
    } else if (event.kind === "done") {
      preview.matched = event.matched;
      preview.examined = event.scanned;
      preview.isWhole = event.limit !== "time";
    }
  }
  return preview;
}

/** What the server says against the expression. */
export const expressionError = ({ error }: { error: Error | undefined }): string | undefined =>
  error instanceof ApiError && error.status === 400
    ? error.message.replace(/^Invalid filter expression: /, "")
    : undefined;

export function PreviewBox(props: {
  preview: QueryResult<Preview>;
  /** Why it is no expression yet. */
  broken: string | undefined;
}) {
  const { preview, broken } = props;
  const { value, error, isLoading } = preview;
  if (error && !expressionError(preview)) {
    return <div class={styles.preview}>The preview does not work: {visible(error.message, 300)}</div>;
  }
  if (broken) {
    return (
      <section class={styles.preview} aria-label="Preview">
        <p class={styles.muted}>Not an expression yet: {visible(broken, 300)}</p>
      </section>
    );
  }
  return (
    <section class={styles.preview} aria-label="Preview" aria-busy={isLoading}>
      <p role="status">{value ? <Matches {...value} /> : <span class={styles.muted}>Counting…</span>}</p>
      {value && value.samples.length > 0 && (
        <ul class={styles.samples} aria-label="Newest matches">
          {value.samples.map(trace => (
            <Sample key={trace.id} trace={trace} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Matches({ matched, examined, isWhole }: Preview) {
  const more = isWhole ? "" : "≥ ";
  return (
    <>
      <span class={styles.figure}>
        {more}
        {formatCount(matched)} {matched === 1 ? "trace" : "traces"}
      </span>{" "}
      <span class={styles.muted}>
        {examined === 0
          ? `No trace arrived in the last ${MINUTES} minutes.`
          : `of the last ${MINUTES} minutes match: ${formatShare(matched, examined)} of ${formatCount(examined)}${
              isWhole ? "" : " looked at"
            }`}
      </span>
    </>
  );
}

function Sample({ trace }: { trace: TraceRow }) {
  const what = [trace.method, trace.url || trace.root || trace.id].filter(Boolean).join(" ");
  return (
    <li class={styles.sample}>
      <StatusMark of={classOfRow(trace)} />
      <a
        href={hrefOf({ route: { page: "trace", id: trace.id, view: "timeline" } })}
        title={visible(what, 300)}
      >
        {visible(what, 300)}
      </a>
      <span class={styles.muted}>
        {trace.responseTime === undefined ? "in progress" : formatDuration(trace.responseTime)}
      </span>
    </li>
  );
}

function useSettled<T>(text: T): T {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MILLIS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
