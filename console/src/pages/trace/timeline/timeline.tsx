/**
 * The timeline of a trace (spec console.md 6.3.1): a tree grid of which only the rows in sight are in the document.
 * The window of rows moves in steps, and its canvas lies in the scrolled content, so that rows and bars never part
 * while the browser scrolls.
 */
import { useComputed } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { mark } from "../../../shell/marks";
import { preferences, remember, remembered } from "../../../shell/preferences";
import { drawBars, timeAt } from "./bars";
import { Cursor } from "./cursor";
import { onGridKey, useTimelineKeys } from "./keys";
import { Minimap } from "./minimap";
import { palette } from "./palette";
import { Rows, rowAt, rowId } from "./rows";
import { gridTimes, Ruler } from "./ruler";
import { ScrollMarks } from "./scroll-marks";
import type { Timeline } from "./state";
import styles from "./timeline.module.css";
import { TreeEdge } from "./tree-edge";
import { useActiveInSight, useSize, useWindow } from "./use-window";

const ROW_HEIGHT = { normal: 24, compact: 18 } as const;
const TREE_WIDTH = 440;
const TREE_WIDTH_MIN = 160;
const PULSE_MILLIS = 100;

export interface TimelineViewProps {
  timeline: Timeline;
  /** A row was chosen: by a press, or by Enter. */
  onOpen: (row: number) => void;
  /** The active row moved by keys. */
  onMove: (row: number) => void;
}

export function TimelineView({ timeline, onOpen, onMove }: TimelineViewProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const size = useSize(scroller);
  const rowHeight = ROW_HEIGHT[preferences.value.density];
  const [treeWidth, setTreeWidth] = useState(() => remembered("trace.tree", isWidth) ?? TREE_WIDTH);
  // Narrow pages keep at least half of their width for the bars.
  const tree = Math.round(Math.max(TREE_WIDTH_MIN, Math.min(treeWidth, size.width * 0.6)));
  const width = Math.max(0, size.width - tree);
  useTimelineKeys(timeline, onMove);
  useActiveInSight(timeline, scroller, rowHeight);
  useEffect(() => {
    mark("paint");
    scroller.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div class={styles.timeline} style={{ "--tree": `${tree}px`, "--bars": `${width}px` }}>
      <div class={styles.head}>
        <div class={styles.headTree}>
          <span class={styles.headLabel}>Segments and subsegments</span>
        </div>
        <div class={styles.headBars}>
          <Minimap timeline={timeline} width={width} />
          <Ruler timeline={timeline} width={width} />
        </div>
        <TreeEdge
          width={tree}
          onWidth={next => {
            setTreeWidth(next);
            remember("trace.tree", next);
          }}
        />
      </div>
      <div class={styles.body}>
        <div
          ref={scroller}
          role="treegrid"
          class={styles.scroller}
          aria-label="Timeline"
          aria-rowcount={timeline.shown.value.length}
          aria-activedescendant={timeline.active.value >= 0 ? rowId(timeline.active.value) : undefined}
          tabIndex={0}
          onClick={event => {
            const row = rowAt(event);
            if (row !== undefined) onOpen(row);
          }}
          onDblClick={event => {
            const row = rowAt(event);
            if (row !== undefined) timeline.fit(row);
          }}
          onKeyDown={event => onGridKey(event, timeline, { onOpen, onMove })}
          onWheel={event => onWheel(event, timeline)}
          onPointerMove={event => {
            const x = event.clientX - event.currentTarget.getBoundingClientRect().left - tree;
            timeline.cursor.value = x >= 0 && x <= width ? timeAt(timeline, width, x) : undefined;
          }}
          onPointerLeave={() => {
            timeline.cursor.value = undefined;
          }}
        >
          <Content timeline={timeline} scroller={scroller} width={width} rowHeight={rowHeight} />
        </div>
        <ScrollMarks timeline={timeline} height={size.height} rowHeight={rowHeight} />
        <Cursor timeline={timeline} width={width} />
      </div>
    </div>
  );
}

/** With Control: closer or further; sideways, or with Shift: along. */
function onWheel(event: WheelEvent, timeline: Timeline): void {
  const along = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  if (event.ctrlKey || event.metaKey) timeline.zoomBy(event.deltaY > 0 ? 1.2 : 1 / 1.2);
  else if (Math.abs(along) > Math.abs(event.shiftKey ? 0 : event.deltaY)) timeline.panBy(along / 1_000);
  else return;
  event.preventDefault();
}

const isWidth = (value: unknown): value is number => typeof value === "number" && value > 0;

/** The rows in sight and their canvas. */
function Content(props: {
  timeline: Timeline;
  scroller: RefObject<HTMLDivElement | null>;
  width: number;
  rowHeight: number;
}) {
  const { timeline, scroller, width, rowHeight } = props;
  const [first, last] = useWindow(scroller, rowHeight, timeline);
  const count = timeline.shown.value.length;
  const canvas = useRef<HTMLCanvasElement>(null);
  const bounds = { first, last, width, rowHeight };
  const latest = useRef(bounds);
  latest.current = bounds;
  const draw = () => {
    if (!canvas.current || latest.current.width <= 0) return;
    const grid = gridTimes(timeline, latest.current.width);
    drawBars({ canvas: canvas.current, ...latest.current }, timeline, palette(), grid);
  };
  const redraw = useComputed(() => [
    palette(),
    timeline.table.value,
    timeline.shown.value,
    timeline.view.value,
    timeline.variant.value,
  ]);
  useLayoutEffect(draw, [first, last, width, rowHeight, redraw.value]);
  const isOpen = timeline.table.value.counts.inProgress > 0;
  useEffect(() => {
    if (!isOpen) return undefined;
    const pulse = setInterval(() => {
      if (!document.hidden) draw();
    }, PULSE_MILLIS);
    return () => clearInterval(pulse);
  }, [isOpen]);
  return (
    <div class={styles.content} role="presentation" style={{ height: `${count * rowHeight}px` }}>
      <Rows timeline={timeline} first={first} last={last} rowHeight={rowHeight} />
      <canvas
        ref={canvas}
        class={styles.bars}
        style={{
          width: `${width}px`,
          height: `${(last - first) * rowHeight}px`,
          transform: `translateY(${first * rowHeight}px)`,
        }}
      />
      {count === 0 && <p class={styles.none}>No row matches. Take a filter away to see the others.</p>}
    </div>
  );
}
