/** Draws the bars of the rows in sight, one canvas for all of them. */
import { formatMicros } from "../../../model/format";
import { hueOf } from "../../../model/trace/hue";
import { type OwnParts, ownParts } from "../../../model/trace/rows";
import {
  FLAG_ANY_ERROR,
  FLAG_EXCEPTION_REFERENCE,
  FLAG_EXCEPTIONS,
  FLAG_FAULT,
  FLAG_IN_PROGRESS,
  FLAG_THROTTLE,
  KIND_MISSING,
  KIND_REPEATS,
  SKEW_MICROS,
  type TraceTable,
} from "../../../model/trace/table";
import type { Palette } from "./palette";
import type { Timeline } from "./state";

export interface BarCanvas {
  canvas: HTMLCanvasElement;
  width: number;
  rowHeight: number;
  /** Places among the shown rows: first, and one past the last. */
  first: number;
  last: number;
}

interface Pen {
  context: CanvasRenderingContext2D;
  timeline: Timeline;
  table: TraceTable;
  colours: Palette;
  width: number;
  rowHeight: number;
  scale: (micros: number) => number;
}

/** Room kept free at both ends, so that what begins with the trace does not stick to the edge. */
export const INSET = 8;
const BAR_MIN = 2;
/** Of the labels, nearly: measuring each would cost more than drawing it. */
const CHARACTER_WIDTH = 7;
const FONT = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif';

const parts = new WeakMap<TraceTable, Map<number, OwnParts>>();

function ownPartsOf(table: TraceTable, row: number): OwnParts {
  let known = parts.get(table);
  if (!known) {
    known = new Map();
    parts.set(table, known);
  }
  let found = known.get(row);
  if (!found) {
    found = ownParts(table, row);
    known.set(row, found);
  }
  return found;
}

/** Sizes the canvas for the screen's pixels; its context, cleared and scaled. */
export function prepare(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | undefined {
  const ratio = Math.max(1, devicePixelRatio || 1);
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d");
  if (!context) return undefined;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Time to pixels over `width`. */
export function scaleOf(timeline: Timeline, width: number): (micros: number) => number {
  const { from, to } = timeline.view.value;
  const factor = (width - 2 * INSET) / Math.max(1e-9, to - from);
  return micros => INSET + (micros - from) * factor;
}

export const timeAt = (timeline: Timeline, width: number, x: number): number => {
  const { from, to } = timeline.view.peek();
  const at = from + ((x - INSET) / Math.max(1, width - 2 * INSET)) * (to - from);
  return Math.max(from, Math.min(to, at));
};

export function drawBars(
  { canvas, width, rowHeight, first, last }: BarCanvas,
  timeline: Timeline,
  colours: Palette,
  gridTimes: readonly number[],
): void {
  const height = (last - first) * rowHeight;
  const context = prepare(canvas, width, height);
  if (!context) return;
  const scale = scaleOf(timeline, width);
  const table = timeline.table.value;
  const pen: Pen = { context, timeline, table, colours, width, rowHeight, scale };
  context.fillStyle = colours.line;
  for (const time of gridTimes) context.fillRect(Math.round(scale(time)), 0, 1, height);
  context.font = FONT;
  context.textBaseline = "middle";
  const shown = timeline.shown.value;
  for (let place = first; place < last; place += 1) {
    drawRow(pen, shown[place] as number, (place - first) * rowHeight);
  }
}

function drawRow(pen: Pen, row: number, top: number): void {
  const { context, timeline, table, colours, width, rowHeight, scale } = pen;
  const { dimsOthers } = timeline.variant.value;
  context.globalAlpha = dimsOthers && !table.isCritical[row] ? 0.25 : 1;
  const [x0, x1] = [scale(timeline.startOf(row)), scale(timeline.endOf(row))];
  if (x1 < 0 || x0 > width) {
    drawBeyond(pen, x1 < 0, top);
    return;
  }
  const left = Math.max(-4, x0);
  const right = Math.min(width + 4, Math.max(x1, x0 + BAR_MIN));
  const barHeight = Math.round(rowHeight * 0.5);
  const bar = { left, right, top: top + Math.round((rowHeight - barHeight) / 2), height: barHeight };
  const kind = table.kind[row] as number;
  if (kind === KIND_REPEATS || kind === KIND_MISSING) drawGroup(pen, row, bar);
  else drawSpan(pen, row, bar);
  if (table.isCritical[row]) drawCritical(pen, row, top + rowHeight - 3);
  drawLabel(pen, row, bar);
  context.globalAlpha = 1;
  if (((table.flags[row] as number) & FLAG_IN_PROGRESS) !== 0) drawOpenEnd(pen, row, bar, colours);
}

interface Bar {
  left: number;
  right: number;
  top: number;
  height: number;
}

const hueFor = ({ table, colours }: Pen, row: number): string => {
  const service = table.strings[table.service[row] as number] || table.strings[table.name[row] as number];
  return colours.hues[hueOf(service ?? "")] as string;
};

export const classColour = (flags: number, colours: Palette): string => {
  if (flags & FLAG_FAULT) return colours.fault;
  return flags & FLAG_THROTTLE ? colours.throttle : colours.error;
};

/** The whole duration pale, own time full. */
function drawSpan(pen: Pen, row: number, bar: Bar): void {
  const { context, table, colours, timeline, scale } = pen;
  const hue = hueFor(pen, row);
  const alpha = context.globalAlpha;
  context.fillStyle = hue;
  context.globalAlpha = alpha * 0.3;
  roundRect(context, bar.left, bar.top, bar.right - bar.left, bar.height);
  context.fill();
  context.globalAlpha = alpha;
  const shift = timeline.startOf(row) - (table.start[row] as number);
  const { parts: own, isGap } = ownPartsOf(table, row);
  for (let at = 0; at < own.length; at += 2) {
    const from = Math.max(bar.left, scale((own[at] as number) + shift));
    const to = Math.min(bar.right, Math.max(scale((own[at + 1] as number) + shift), from + 1));
    if (to <= from || to < 0) continue;
    if (isGap[at / 2]) {
      drawHatch(context, { ...bar, left: from, right: to }, hue);
      continue;
    }
    context.fillStyle = hue;
    const whole = to - from >= bar.right - bar.left - 0.5;
    if (whole) roundRect(context, from, bar.top, to - from, bar.height);
    else {
      context.beginPath();
      context.rect(from, bar.top, to - from, bar.height);
    }
    context.fill();
  }
  if (own.length === 0 || bar.right - bar.left <= BAR_MIN) {
    context.fillStyle = hue;
    context.fillRect(bar.left, bar.top, Math.max(BAR_MIN, bar.right - bar.left), bar.height);
  }
  if (table.isSkewed[row] && !timeline.variant.value.isAligned) drawSkew(pen, row, bar);
  drawClass(pen, row, bar, colours);
}

/** Faults and errors: an outline in the colour of their class, and a mark where exceptions were told. */
function drawClass(pen: Pen, row: number, bar: Bar, colours: Palette): void {
  const { context, table } = pen;
  const flags = table.flags[row] as number;
  if ((flags & FLAG_ANY_ERROR) === 0) return;
  const colour = classColour(flags, colours);
  context.strokeStyle = colour;
  context.lineWidth = 1;
  roundRect(context, bar.left - 0.5, bar.top - 0.5, bar.right - bar.left + 1, bar.height + 1);
  context.stroke();
  if (flags & (FLAG_EXCEPTIONS | FLAG_EXCEPTION_REFERENCE)) {
    const [x, y] = [bar.right, bar.top + bar.height / 2];
    context.fillStyle = colours.page;
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x, y, 5, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = colours.page;
    context.fillRect(x - 0.75, y - 3, 1.5, 3.5);
    context.fillRect(x - 0.75, y + 1.5, 1.5, 1.5);
  }
}

/** A bracket over the time of the members, with each of them in it. */
function drawGroup(pen: Pen, row: number, bar: Bar): void {
  const { context, table, colours, timeline, scale } = pen;
  const isMissing = table.kind[row] === KIND_MISSING;
  const hue = isMissing ? colours.unknown : hueFor(pen, row);
  context.strokeStyle = hue;
  context.lineWidth = 1;
  if (isMissing) context.setLineDash([3, 3]);
  context.strokeRect(
    Math.round(bar.left) + 0.5,
    bar.top + 0.5,
    Math.max(1, bar.right - bar.left - 1),
    bar.height - 1,
  );
  context.setLineDash([]);
  const until = row + (table.size[row] as number);
  let last = Number.NEGATIVE_INFINITY;
  for (let at = row + 1; at < until; at += table.size[at] as number) {
    const from = scale(timeline.startOf(at));
    const to = Math.max(scale(timeline.endOf(at)), from + 1);
    // Thousands of members share pixels: each pixel is drawn once.
    if (to <= last || from > pen.width) continue;
    const flags = table.flags[at] as number;
    context.fillStyle = flags & FLAG_ANY_ERROR ? classColour(flags, colours) : hue;
    context.fillRect(Math.max(from, last), bar.top + 3, to - Math.max(from, last), bar.height - 6);
    last = to;
  }
}

function drawCritical({ context, table, colours, scale, timeline }: Pen, row: number, y: number): void {
  context.fillStyle = colours.text;
  const shift = timeline.startOf(row) - (table.start[row] as number);
  // What is folded away is drawn here.
  const last = timeline.folds.value[row] ? row + (table.size[row] as number) - 1 : row;
  for (let at = firstOf(table.criticalRow, row); (table.criticalRow[at] as number) <= last; at += 1) {
    const from = scale((table.criticalFrom[at] as number) + shift);
    const to = scale((table.criticalTo[at] as number) + shift);
    context.fillRect(from, y, Math.max(1, to - from), 2);
  }
}

/** Index of the first value that is not below `wanted` in a sorted column. */
function firstOf(column: Uint32Array, wanted: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((column[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawLabel(pen: Pen, row: number, bar: Bar): void {
  const { context, table, colours, width } = pen;
  const duration = table.duration[row] as number;
  const text = duration < 0 ? "in progress" : formatMicros(duration);
  context.fillStyle = colours.muted;
  const room = text.length * CHARACTER_WIDTH;
  const y = bar.top + bar.height / 2 + 0.5;
  const marked = FLAG_EXCEPTIONS | FLAG_EXCEPTION_REFERENCE | FLAG_IN_PROGRESS;
  const mark = (table.flags[row] as number) & marked ? 6 : 0;
  if (bar.right + mark + 6 + room < width) context.fillText(text, bar.right + mark + 6, y);
  else if (bar.left - 6 - room > 0) context.fillText(text, bar.left - 6 - room, y);
  else {
    // Neither side has room: on the bar, with a ground of its own so that it can be read on any hue.
    const x = Math.min(bar.right, width) - room - 12 - mark;
    context.fillStyle = colours.page;
    roundRect(context, x - 4, bar.top, room + 8, bar.height);
    context.fill();
    context.fillStyle = colours.text;
    context.fillText(text, x, y);
  }
}

/** A bar left or right of what is looked at: where to look for it. */
function drawBeyond({ context, colours, width, rowHeight }: Pen, isLeft: boolean, top: number): void {
  const [x, y] = [isLeft ? 2 : width - 2, top + rowHeight / 2];
  const step = isLeft ? 4 : -4;
  context.fillStyle = colours.muted;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + step, y - 4);
  context.lineTo(x + step, y + 4);
  context.fill();
  context.globalAlpha = 1;
}

/** Outside its parent: hatched, with an arrow on the side where it sticks out. */
function drawSkew(pen: Pen, row: number, bar: Bar): void {
  const { context, table, colours } = pen;
  drawHatch(context, bar, colours.page);
  const above = table.parent[row] as number;
  const [y, half] = [bar.top + bar.height / 2, bar.height / 2];
  context.fillStyle = colours.error;
  const arrow = (x: number, step: number) => {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x - step, y - half);
    context.lineTo(x - step, y + half);
    context.fill();
  };
  if (above < 0) return;
  if ((table.start[above] as number) - (table.start[row] as number) > SKEW_MICROS) arrow(bar.left - 5, -5);
  if ((table.end[row] as number) - (table.end[above] as number) > SKEW_MICROS) arrow(bar.right + 5, 5);
}

function drawHatch(context: CanvasRenderingContext2D, bar: Bar, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(bar.left, bar.top, bar.right - bar.left, bar.height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.beginPath();
  const from = Math.max(bar.left, -20);
  // Lines start at multiples of their distance, so that they stand still while the view moves over them.
  for (let x = Math.floor(from / 5) * 5 - bar.height; x < Math.min(bar.right, from + 6_000); x += 5) {
    context.moveTo(x, bar.top + bar.height);
    context.lineTo(x + bar.height, bar.top);
  }
  context.stroke();
  context.restore();
}

/** In progress: the end is dashed, and its mark pulses (unless movement is not wanted). */
function drawOpenEnd({ context, timeline, table }: Pen, row: number, bar: Bar, colours: Palette): void {
  if (table.kind[row] === KIND_MISSING) return;
  const isStill = typeof matchMedia !== "undefined" && matchMedia("(prefers-reduced-motion: reduce)").matches;
  const x = Math.min(bar.right, bar.left + Math.max(BAR_MIN, bar.right - bar.left));
  context.strokeStyle = colours.page;
  context.lineWidth = 2;
  context.setLineDash([3, 3]);
  const from = Math.max(bar.left, x - 24);
  context.beginPath();
  for (let dash = from; dash < x; dash += 6) {
    context.moveTo(dash, bar.top - 1);
    context.lineTo(dash, bar.top + bar.height + 1);
  }
  context.setLineDash([]);
  context.stroke();
  const phase = isStill ? 1 : 0.55 + 0.45 * Math.sin(performance.now() / 300);
  context.globalAlpha = phase * (timeline.variant.value.dimsOthers && !table.isCritical[row] ? 0.4 : 1);
  context.fillStyle = colours.accent;
  context.beginPath();
  context.arc(x, bar.top + bar.height / 2, 3.5, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 1;
}

function roundRect(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number) {
  context.beginPath();
  context.roundRect(x, y, Math.max(0, width), height, Math.min(2, width / 2));
}
