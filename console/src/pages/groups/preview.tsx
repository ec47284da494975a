/** What an expression would find: matches of the last 15 minutes, their share, three of them. */
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { sampleTraces, type TraceSample } from "../../api/sample-traces";
import { classOf, StatusMark } from "../../components/status-mark/status-mark";
import { type QueryResult, useQuery } from "../../components/use-query";
import { formatCount, formatDuration, formatShare, visible } from "../../model/format";
import { hrefOf } from "../../shell/navigation";
import { now } from "../../shell/time";
import styles from "./groups.module.css";

const MINUTES = 15;
const SAMPLES = 3;
/** Pages that a preview reads: what lies beyond is said to be more. */
const PAGES_MAX = 10;
/** While a person types, the server is left alone. */
const TYPING_MILLIS = 400;

export interface Preview {
  matched: number;
  examined: number;
  isWhole: boolean;
  samples: TraceSample[];
}

/** The preview of an expression, once it has been left alone for a moment; of `undefined` none. */
export function usePreview(expression: string | undefined): QueryResult<Preview> {
  const settled = useSettled(expression?.trim());
  const end = now.value / 1000;
  return useQuery(
    settled === undefined ? undefined : `group-preview ${now.value} ${settled}`,
    async signal => {
      const request = { StartTime: end - MINUTES * 60, EndTime: end };
      const filter = settled ? { FilterExpression: settled } : {};
      const found = await sampleTraces({ ...request, ...filter }, PAGES_MAX, { signal });
      const { traces, examined, isWhole } = found;
      return { matched: traces.length, examined, isWhole, samples: traces.slice(0, SAMPLES) };
    },
    { freshMillis: 60_000 },
  );
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
            <Sample key={trace.Id} trace={trace} />
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

function Sample({ trace }: { trace: TraceSample }) {
  const { Http, EntryPoint } = trace;
  const what = [Http?.HttpMethod, Http?.HttpURL ?? EntryPoint?.Name ?? trace.Id].filter(Boolean).join(" ");
  return (
    <li class={styles.sample}>
      <StatusMark
        of={classOf({ fault: trace.HasFault, throttle: trace.HasThrottle, error: trace.HasError })}
      />
      <a
        href={hrefOf({ route: { page: "trace", id: trace.Id, view: "timeline" } })}
        title={visible(what, 300)}
      >
        {visible(what, 300)}
      </a>
      <span class={styles.muted}>
        {trace.ResponseTime === undefined ? "in progress" : formatDuration(trace.ResponseTime)}
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
