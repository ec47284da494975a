/** How far a search has come (spec console.md 5): the bar fills from the right, newest first. */
import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount, formatDuration } from "../../model/format";
import { Button } from "../button/button";
import styles from "./progress-line.module.css";

export interface Progress {
  matched: number;
  scanned: number;
  /** Of the time range, 0 to 1. */
  share: number;
  elapsedMillis: number;
}

export function ProgressLine({ progress, onStop }: { progress: Progress; onStop: () => void }) {
  const text = progressText(progress);
  return (
    <div class={styles.line}>
      <div class={styles.track} aria-hidden="true">
        <div class={styles.done} style={{ transform: `scaleX(${clamp(progress.share)})` }} />
      </div>
      <span>
        {text} ·{" "}
        <Button look="quiet" onClick={onStop}>
          Stop
        </Button>
      </span>
      <Polite text={text} />
    </div>
  );
}

/** `1,204 matched · 3.1 M scanned · 42 % of range · 1.8 s`. */
export const progressText = ({ matched, scanned, share, elapsedMillis }: Progress): string =>
  [
    `${formatCount(matched)} matched`,
    `${formatCount(scanned)} scanned`,
    `${Math.floor(clamp(share) * 100)} % of range`,
    elapsedMillis < 100 ? "0.1 s" : formatElapsed(elapsedMillis),
  ].join(" · ");

const formatElapsed = (millis: number): string =>
  millis < 59_950 ? `${(millis / 1000).toFixed(1)} s` : formatDuration(millis / 1000);

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

/** Between two announcements (spec console.md 9). */
const POLITE_MILLIS = 2_000;

/** Tells assistive technology a changing text at most every two seconds. */
export function Polite({ text }: { text: string }) {
  const [said, setSaid] = useState(text);
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    const timer = setInterval(() => setSaid(latest.current), POLITE_MILLIS);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="visually-hidden" aria-live="polite">
      {said}
    </span>
  );
}
