/** Ticks beside the scroll bar: where errors and matches are among all shown rows. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { FLAG_ANY_ERROR } from "../../../model/trace/table";
import { classColour, prepare } from "./bars";
import { palette } from "./palette";
import type { Timeline } from "./state";
import styles from "./timeline.module.css";

const WIDTH = 6;

/** Nothing while all rows are in sight. */
export function ScrollMarks(props: { timeline: Timeline; height: number; rowHeight: number }) {
  const isNeeded = props.timeline.shown.value.length * props.rowHeight > props.height;
  return isNeeded ? <Marks timeline={props.timeline} height={props.height} /> : null;
}

function Marks({ timeline, height }: { timeline: Timeline; height: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = palette();
  const table = timeline.table.value;
  const shown = timeline.shown.value;
  const matches = timeline.matches.value;
  useLayoutEffect(() => {
    const context = canvas.current && height > 0 ? prepare(canvas.current, WIDTH, height) : undefined;
    if (!context) return;
    for (let place = 0; place < shown.length; place += 1) {
      const row = shown[place] as number;
      const flags = (table.flags[row] as number) & FLAG_ANY_ERROR;
      if (flags === 0 && !matches?.[row]) continue;
      context.fillStyle = matches?.[row] ? colours.accent : classColour(flags, colours);
      context.fillRect(0, Math.round((place / shown.length) * height), WIDTH, 2);
    }
  }, [table, shown, matches, colours, height]);
  return (
    <canvas ref={canvas} class={styles.scrollMarks} style={{ width: `${WIDTH}px`, height: `${height}px` }} />
  );
}
