/** The line under the pointer through all bars, with the time since the start and of the clock. */
import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { formatMicros, formatTime } from "../../../model/format";
import { address } from "../../../shell/navigation";
import { scaleOf } from "./bars";
import type { Timeline } from "./state";
import styles from "./timeline.module.css";

/** Pixels from the right end at which the label goes to the left of the line. */
const LABEL_WIDTH = 190;

export function Cursor({ timeline, width }: { timeline: Timeline; width: number }) {
  const line = useRef<HTMLDivElement>(null);
  const label = useRef<HTMLSpanElement>(null);
  // Moved without drawing a component: the pointer moves more often than anything else.
  useSignalEffect(() => {
    const time = timeline.cursor.value;
    if (!line.current || !label.current) return;
    line.current.hidden = time === undefined;
    if (time === undefined) return;
    const x = scaleOf(timeline, width)(time);
    line.current.style.transform = `translateX(${x}px)`;
    label.current.style.transform = x > width - LABEL_WIDTH ? "translateX(calc(-100% - 2px))" : "";
    const clock = formatTime((timeline.table.value.startMicros + time) / 1000, address.value.params.tz, true);
    label.current.textContent = `${formatMicros(time)} · ${clock.slice(11)}`;
  });
  return (
    <div ref={line} class={styles.cursor} hidden aria-hidden="true">
      <span ref={label} class={styles.cursorLabel} />
    </div>
  );
}
