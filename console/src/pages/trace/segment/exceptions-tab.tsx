import { CopyButton } from "../../../components/copy-button/copy-button";
import { visible } from "../../../model/format";
import { type Json, list, number, object, text } from "../../../model/trace/from-documents";
import { FLAG_FAULT } from "../../../model/trace/table";
import { hrefOf } from "../../../shell/navigation";
import { exceptionFilter, tracesHref } from "../links";
import { Field, Fields } from "./fields";
import styles from "./segment.module.css";
import type { TabProps } from "./segment-panel";

const MESSAGE_MAX = 4_000;
const FRAMES_MAX = 500;
/** Frames that are shown at first. */
const FRAMES_OPEN = 12;

/** The chain of exceptions, from the one that was seen to the one that caused it all. */
export function ExceptionsTab({ table, row, detail: { merged } }: TabProps) {
  const { cause } = merged;
  if (typeof cause === "string") return <Reference id={cause} />;
  const block = object(cause) ?? {};
  const isFault = ((table.flags[row] as number) & FLAG_FAULT) !== 0;
  return (
    <>
      <ol class={styles.exceptions}>
        {chainOf(list(block.exceptions)).map(({ exception, isCause }, index) => (
          <Exception
            key={text(exception.id) ?? index}
            exception={exception}
            isCause={isCause}
            othersHref={
              text(exception.message) === undefined
                ? undefined
                : tracesHref(exceptionFilter(text(exception.message) as string, isFault), table.startMicros)
            }
          />
        ))}
      </ol>
      <Fields>
        <Field name="Working directory" value={text(block.working_directory)} />
        <Field name="Paths" value={list(block.paths).length > 0 ? list(block.paths).join(", ") : undefined} />
      </Fields>
    </>
  );
}

function Reference({ id }: { id: string }) {
  return (
    <Fields>
      <Field name="Exception">
        <a href={hrefOf({ params: { q: id, tab: undefined } })}>{visible(id, 60)}</a>
        <p class={styles.muted}>It is told by another segment of the trace: the link finds where.</p>
      </Field>
    </Fields>
  );
}

interface Chained {
  exception: Json;
  /** Of the one before it. */
  isCause: boolean;
}

/** Each exception once: those that caused none first, each followed by what caused it. */
export function chainOf(exceptions: unknown[]): Chained[] {
  const all = exceptions.map(object).filter(found => found !== undefined);
  const byId = new Map(all.map(exception => [text(exception.id), exception]));
  const causes = new Set(all.map(exception => text(exception.cause)));
  const seen = new Set<Json>();
  const chain: Chained[] = [];
  const follow = (first: Json) => {
    let isCause = false;
    for (let at: Json | undefined = first; at && !seen.has(at); ) {
      seen.add(at);
      chain.push({ exception: at, isCause });
      const cause = text(at.cause);
      at = cause === undefined ? undefined : byId.get(cause);
      isCause = true;
    }
  };
  for (const exception of all) if (!causes.has(text(exception.id) ?? "")) follow(exception);
  for (const exception of all) follow(exception);
  return chain;
}

function Exception(props: { exception: Json; isCause: boolean; othersHref: string | undefined }) {
  const { exception, isCause, othersHref } = props;
  const stack = list(exception.stack)
    .map(object)
    .filter(found => found !== undefined);
  const message = text(exception.message);
  const [skipped, truncated] = [number(exception.skipped) ?? 0, number(exception.truncated) ?? 0];
  return (
    <li class={styles.exception}>
      {isCause && (
        <p class={styles.because}>
          caused by{skipped > 0 && `, with ${skipped} exceptions between that were left out`}
        </p>
      )}
      <h3 class={styles.exceptionType}>{visible(text(exception.type) ?? "Exception", 300)}</h3>
      <span class={exception.remote === true ? styles.passed : styles.thrown}>
        {exception.remote === true ? "passed on from downstream" : "thrown here"}
      </span>
      {message !== undefined && <p class={styles.message}>{visible(message, MESSAGE_MAX)}</p>}
      <div class={styles.exceptionActions}>
        {othersHref && <a href={othersHref}>Find others with this message</a>}
        <CopyButton text={() => asText(exception)} label="Copy" />
      </div>
      {stack.length > 0 && <Stack frames={stack} truncated={truncated} />}
    </li>
  );
}

function Stack({ frames, truncated }: { frames: Json[]; truncated: number }) {
  const shown = frames.slice(0, FRAMES_MAX);
  const line = (frame: Json, index: number) => (
    <li key={index}>
      <span class={styles.label}>{visible(text(frame.label) ?? "?", 300)}</span>
      <span class={styles.place}>
        {visible(text(frame.path) ?? "", 500)}
        {number(frame.line) !== undefined && `:${number(frame.line)}`}
      </span>
    </li>
  );
  return (
    <>
      <ol class={styles.stack}>{shown.slice(0, FRAMES_OPEN).map(line)}</ol>
      {shown.length > FRAMES_OPEN && (
        <details class={styles.rest}>
          <summary>{shown.length - FRAMES_OPEN} more frames</summary>
          <ol class={styles.stack}>{shown.slice(FRAMES_OPEN).map(line)}</ol>
        </details>
      )}
      {truncated > 0 && <p class={styles.muted}>{truncated} frames were left out by the sender.</p>}
    </>
  );
}

function asText(exception: Json): string {
  const frames = list(exception.stack)
    .map(object)
    .map(frame => `    at ${text(frame?.label) ?? "?"} (${text(frame?.path) ?? ""}:${frame?.line ?? ""})`);
  return [`${text(exception.type) ?? "Exception"}: ${text(exception.message) ?? ""}`, ...frames].join("\n");
}
