/** A line that waits for a trace to arrive, and becomes the way to it (spec console.md 6.14). */
import { useEffect, useState } from "preact/hooks";
import { type NewTrace, newestTrace } from "../../api/newest-trace";
import { Button } from "../../components/button/button";
import { visible } from "../../model/format";
import { hrefOf } from "../../shell/navigation";
import styles from "./getting-started.module.css";

const ASK_MILLIS = 2_000;
/** Clocks of senders may be behind by so much. */
const SLACK_SECONDS = 5;

export function Waiting({ hasTraces }: { hasTraces: boolean }) {
  const [since, setSince] = useState(() => Date.now() / 1000);
  const [found, setFound] = useState<NewTrace>();
  useEffect(() => {
    if (found) return undefined;
    const abort = new AbortController();
    const ask = () => {
      if (document.hidden) return;
      newestTrace(Math.floor(since) - SLACK_SECONDS, { signal: abort.signal }).then(
        trace => trace && setFound(trace),
        // The server is asked again soon, and whether it answers at all is said above the page.
        () => undefined,
      );
    };
    ask();
    const timer = setInterval(ask, ASK_MILLIS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [since, found]);
  return (
    <div class={`${styles.waiting} ${found ? styles.found : ""}`} role="status">
      {found ? (
        <>
          <span class={styles.arrived} aria-hidden="true">
            ✓
          </span>
          <span>
            A trace of <strong>{visible(found.EntryPoint?.Name ?? "a service", 100)}</strong> has arrived:{" "}
            <a href={hrefOf({ route: { page: "trace", id: found.Id, view: "timeline" } })}>open it</a>
          </span>
          <Button
            look="quiet"
            onClick={() => {
              setSince(Date.now() / 1000 + SLACK_SECONDS);
              setFound(undefined);
            }}
          >
            Wait for another
          </Button>
        </>
      ) : (
        <>
          <span class={styles.pulse} aria-hidden="true" />
          <span>{hasTraces ? "Waiting for the next trace…" : "Waiting for the first trace…"}</span>
        </>
      )}
    </div>
  );
}
