/** The ruler over the bars: times, and by dragging over it a part to look at. */
import { formatTick, ticks } from "../../../model/trace/scale";
import { scaleOf } from "./bars";
import type { Timeline } from "./state";
import styles from "./timeline.module.css";
import { useTimeDrag } from "./use-time-drag";

/** Pixels that a label needs. */
const LABEL_WIDTH = 96;

export const gridTimes = (timeline: Timeline, width: number): number[] =>
  width > 0 ? ticks(timeline.view.value, LABEL_WIDTH / width) : [];

export function Ruler({ timeline, width }: { timeline: Timeline; width: number }) {
  const drag = useTimeDrag(timeline, width);
  const times = gridTimes(timeline, width);
  const scale = scaleOf(timeline, width);
  const step = times.length > 1 ? (times[1] as number) - (times[0] as number) : 1;
  return (
    <div class={styles.ruler} {...drag.handlers} title="Drag to look closer">
      {times.map(time => (
        <span
          key={time}
          class={styles.tick}
          style={{ transform: `translateX(${Math.round(scale(time))}px)` }}
        >
          {formatTick(time, step)}
        </span>
      ))}
      {drag.selection && (
        <span
          class={styles.selection}
          style={{ left: `${drag.selection[0]}px`, width: `${drag.selection[1] - drag.selection[0]}px` }}
        />
      )}
    </div>
  );
}
