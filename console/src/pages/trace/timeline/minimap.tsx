/** The whole trace in a strip: what is looked at, errors and matches; dragging chooses a part. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { hueOf } from "../../../model/trace/hue";
import { isWhole } from "../../../model/trace/scale";
import { FLAG_ANY_ERROR, isSynthetic, type TraceTable } from "../../../model/trace/table";
import { classColour, INSET, prepare } from "./bars";
import { type Palette, palette } from "./palette";
import type { Timeline } from "./state";
import styles from "./timeline.module.css";

export const MINIMAP_HEIGHT = 44;
/** More rows than this are thinned: the strip has 44 lines. */
const ROWS_DRAWN_MAX = 4_000;
const DRAG_MIN = 4;
/** Pixels around an edge of the part that take hold of it. */
const GRIP = 6;

export function Minimap({ timeline, width }: { timeline: Timeline; width: number }) {
  const drag = useMinimapDrag(timeline, width);
  return (
    <div class={styles.minimap} {...drag} title="The whole trace: drag to look closer, double-click for all">
      <Strip timeline={timeline} width={width} />
      <Part timeline={timeline} width={width} />
    </div>
  );
}

function Strip({ timeline, width }: { timeline: Timeline; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = palette();
  const table = timeline.table.value;
  const matches = timeline.matches.value;
  useLayoutEffect(() => {
    if (canvas.current && width > 0) drawMinimap(canvas.current, width, table, matches, colours);
  }, [table, matches, colours, width]);
  return <canvas ref={canvas} style={{ width: `${width}px`, height: `${MINIMAP_HEIGHT}px` }} />;
}

/** What is looked at: the rest lies under a veil. */
function Part({ timeline, width }: { timeline: Timeline; width: number }) {
  const { from, to } = timeline.view.value;
  if (isWhole(timeline.view.value, timeline.duration)) return null;
  const place = (time: number) => INSET + (time / timeline.duration) * (width - 2 * INSET);
  return (
    <>
      <span class={styles.veil} style={{ left: "0", width: `${place(from)}px` }} />
      <span
        class={styles.part}
        style={{ left: `${place(from)}px`, width: `${Math.max(2, place(to) - place(from))}px` }}
      />
      <span class={styles.veil} style={{ left: `${place(to)}px`, right: "0" }} />
    </>
  );
}

function useMinimapDrag(timeline: Timeline, width: number) {
  const drag = useRef<
    { x: number; how: "part" | "move" | "from" | "to"; from: number; to: number } | undefined
  >(undefined);
  const timeOf = (x: number) =>
    Math.max(0, Math.min(timeline.duration, ((x - INSET) / (width - 2 * INSET)) * timeline.duration));
  const xOf = (event: PointerEvent) =>
    event.clientX - (event.currentTarget as HTMLElement).getBoundingClientRect().left;
  const placeOf = (time: number) => INSET + (time / timeline.duration) * (width - 2 * INSET);
  const howAt = (x: number) => {
    const { from, to } = timeline.view.peek();
    if (isWhole({ from, to }, timeline.duration)) return "part";
    if (Math.abs(x - placeOf(from)) <= GRIP) return "from";
    if (Math.abs(x - placeOf(to)) <= GRIP) return "to";
    return x > placeOf(from) && x < placeOf(to) ? "move" : "part";
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      const x = xOf(event);
      drag.current = { x, how: howAt(x), ...timeline.view.peek() };
    },
    onPointerMove: (event: PointerEvent) => {
      const x = xOf(event);
      timeline.cursor.value = timeOf(x);
      const now = drag.current;
      if (!now) {
        const how = howAt(x);
        (event.currentTarget as HTMLElement).style.cursor =
          how === "part" ? "crosshair" : how === "move" ? "grab" : "ew-resize";
        return;
      }
      if (Math.abs(x - now.x) < DRAG_MIN) return;
      const by = timeOf(x) - timeOf(now.x);
      if (now.how === "move") timeline.show(now.from + by, now.to + by);
      else if (now.how === "from") timeline.show(Math.min(timeOf(x), now.to - 1), now.to);
      else if (now.how === "to") timeline.show(now.from, Math.max(timeOf(x), now.from + 1));
      else timeline.show(Math.min(timeOf(x), timeOf(now.x)), Math.max(timeOf(x), timeOf(now.x)));
    },
    onPointerUp: () => {
      drag.current = undefined;
    },
    onPointerCancel: () => {
      drag.current = undefined;
    },
    onPointerLeave: () => {
      timeline.cursor.value = undefined;
    },
    onDblClick: () => timeline.showAll(),
  };
}

function drawMinimap(
  canvas: HTMLCanvasElement,
  width: number,
  table: TraceTable,
  matches: Uint8Array | undefined,
  colours: Palette,
): void {
  const context = prepare(canvas, width, MINIMAP_HEIGHT);
  if (!context) return;
  const real: number[] = [];
  for (let row = 0; row < table.count; row += 1) if (!isSynthetic(table, row)) real.push(row);
  const factor = (width - 2 * INSET) / table.durationMicros;
  const lines = MINIMAP_HEIGHT - 8;
  const height = Math.max(1, Math.min(4, lines / Math.max(1, real.length)));
  const stride = Math.max(1, Math.ceil(real.length / ROWS_DRAWN_MAX));
  const bar = (index: number, colour: string, least: number, high: number) => {
    const row = real[index] as number;
    const left = INSET + (table.start[row] as number) * factor;
    const lasts = ((table.end[row] as number) - (table.start[row] as number)) * factor;
    const top = 4 + (real.length * height <= lines ? index * height : (index / real.length) * (lines - high));
    context.fillStyle = colour;
    context.fillRect(left, top, Math.max(least, lasts), Math.max(1, high - (high > 2 ? 1 : 0)));
  };
  context.globalAlpha = 0.8;
  for (let index = 0; index < real.length; index += stride) {
    const row = real[index] as number;
    const service = table.strings[table.service[row] as number] || "";
    bar(index, colours.hues[hueOf(service)] as string, 1, height);
  }
  context.globalAlpha = 1;
  for (let index = 0; index < real.length; index += 1) {
    const row = real[index] as number;
    const flags = table.flags[row] as number;
    if (flags & FLAG_ANY_ERROR) bar(index, classColour(flags, colours), 2, Math.max(2, height));
    if (matches?.[row]) bar(index, colours.accent, 3, Math.max(3, height));
  }
}
