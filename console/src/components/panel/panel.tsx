/** A part of a page with all the states it may be in (spec console.md 5): never blank, never only a spinner. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { visible } from "../../model/format";
import { Button } from "../button/button";
import styles from "./panel.module.css";

export type PanelState =
  /** The content is there; `stale` says why it may not be current, and content stays. */
  | { kind: "ready"; stale?: ComponentChildren }
  /** Nothing was asked yet: what to do to get data. */
  | { kind: "idle"; title: string; action?: ComponentChildren }
  /** First load: a skeleton of the layout, from 300 ms on. */
  | { kind: "loading"; skeleton?: ComponentChildren }
  | { kind: "empty"; title: string; detail?: ComponentChildren; action?: ComponentChildren }
  | { kind: "error"; error: Error; retry?: () => void };

/** Loading shorter than this shows nothing at all. */
const SKELETON_AFTER_MILLIS = 300;

export function Panel(props: {
  title?: ComponentChildren;
  /** Beside the title. */
  actions?: ComponentChildren;
  state?: PanelState;
  /** Takes the height that is left and scrolls inside. */
  fill?: boolean;
  children?: ComponentChildren;
}) {
  const state = props.state ?? { kind: "ready" };
  return (
    <section class={`${styles.panel} ${props.fill ? styles.fill : ""}`} aria-busy={state.kind === "loading"}>
      {(props.title || props.actions) && (
        <header class={styles.header}>
          <h2>{props.title}</h2>
          <div class={styles.actions}>{props.actions}</div>
        </header>
      )}
      <StateView state={state}>{props.children}</StateView>
    </section>
  );
}

function StateView({ state, children }: { state: PanelState; children?: ComponentChildren }) {
  switch (state.kind) {
    case "ready":
      return (
        <>
          {state.stale && (
            <p class={styles.stale} role="status">
              {state.stale}
            </p>
          )}
          {children}
        </>
      );
    case "loading":
      return <Late>{state.skeleton ?? <Skeleton lines={6} />}</Late>;
    case "error":
      return <Failure error={state.error} retry={state.retry} />;
    default:
      return (
        <div class={styles.message}>
          <p class={styles.messageTitle}>{state.title}</p>
          {state.kind === "empty" && state.detail && <div class={styles.detail}>{state.detail}</div>}
          {state.action && <div class={styles.action}>{state.action}</div>}
        </div>
      );
  }
}

/** Shows its content once it has been wanted for a while. */
function Late({ children }: { children: ComponentChildren }) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SKELETON_AFTER_MILLIS);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? children : null;
}

/** Grey lines in the place of text. */
export function Skeleton({ lines }: { lines: number }) {
  const widths = [92, 78, 85, 60, 88, 70];
  return (
    <div class={styles.skeleton} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} style={{ width: `${widths[line % widths.length]}%` }} />
      ))}
    </div>
  );
}

/** An error in words, with what can be done about it. */
export function Failure({ error, retry }: { error: Error; retry?: (() => void) | undefined }) {
  const api = error instanceof ApiError ? error : undefined;
  const isDenied = api?.status === 403;
  const title = isDenied
    ? "Not allowed"
    : api?.isOffline
      ? "The server does not answer"
      : "This did not work";
  return (
    <div class={styles.message} role="alert">
      <p class={`${styles.messageTitle} ${styles.bad}`}>{title}</p>
      {!api?.isOffline && <p class={styles.detail}>{visible(error.message, 600)}</p>}
      {api?.requestId && <p class={styles.detail}>Request {api.requestId}</p>}
      {retry && (api?.isRetryable ?? true) && (
        <div class={styles.action}>
          <Button onClick={retry}>Try again</Button>
        </div>
      )}
    </div>
  );
}

/** The state of a panel whose content is `value`, as `useQuery` reports it. */
export function stateOf(
  query: { value: unknown; error: Error | undefined; isLoading: boolean; refresh: () => void },
  empty?: PanelState | undefined,
): PanelState {
  if (query.value === undefined) {
    if (query.error && !query.isLoading) return { kind: "error", error: query.error, retry: query.refresh };
    return { kind: "loading" };
  }
  if (empty) return empty;
  if (!query.error) return { kind: "ready" };
  return { kind: "ready", stale: `Not current: ${visible(query.error.message, 300)}` };
}
