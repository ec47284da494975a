/** Draws with uPlot; in a file of its own so that it is loaded only when a chart is shown. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatTime } from "../../model/format";
import type { TimeChartProps } from "./time-chart";
import { brushedWindow, stacked, tickText } from "./window";

/** The plotting area within the host, pixels. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Drawing {
  /** Data or window have changed. */
  update(): void;
  destroy(): void;
}

type Props = TimeChartProps & Required<Pick<TimeChartProps, "height" | "formatLeft" | "formatRight">>;

interface Told {
  setHovered: (index: number | null) => void;
  setFrame: (frame: Frame) => void;
}

const FONT_PIXELS = 11;
/** Dragging less than this is a click. */
const CLICK_PIXELS = 4;

export function draw(host: HTMLElement, props: () => Props, told: Told): Drawing {
  const plot = new uPlot(options(host, props, told), dataOf(props()), host);
  const resize = () => {
    plot.setSize({ width: host.clientWidth, height: props().height });
    tellFrame(plot, told);
  };
  const sizes = new ResizeObserver(() => requestAnimationFrame(resize));
  sizes.observe(host);
  tellFrame(plot, told);
  return {
    update: () => plot.setData(dataOf(props()), true),
    destroy: () => {
      sizes.disconnect();
      plot.destroy();
    },
  };
}

function tellFrame(plot: uPlot, told: Told): void {
  const { offsetLeft, offsetTop, clientWidth, clientHeight } = plot.over;
  told.setFrame({ left: offsetLeft, top: offsetTop, width: clientWidth, height: clientHeight });
}

/** Stacked series first and highest first, so that lower ones are drawn over them; then the lines. */
function order(props: Props) {
  const stack = props.series.filter(one => one.kind === "stack");
  const lines = props.series.filter(one => one.kind === "line");
  return { stack: [...stack].reverse(), lines };
}

function dataOf(props: Props): uPlot.AlignedData {
  const { stack, lines } = order(props);
  const sums = stacked([...stack].reverse().map(one => one.values)).reverse();
  // Bars and points stand in the middle of their bucket.
  const middles = props.times.map(time => (time + props.bucketMillis / 2) / 1000);
  return [middles, ...sums, ...lines.map(one => [...one.values])];
}

function options(host: HTMLElement, props: () => Props, told: Told): uPlot.Options {
  const { series, height, cursorKey, onWindow } = props();
  const color = colorsOf(host);
  const { stack, lines } = order(props());
  const hasRight = series.some(one => one.axis === "right");
  const font = `${FONT_PIXELS}px ${getComputedStyle(host).fontFamily}`;
  const axis = { font, stroke: color("muted"), ticks: { show: false }, gap: 4 };
  return {
    width: host.clientWidth || 600,
    height,
    padding: [6, hasRight ? 0 : 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: Boolean(onWindow), y: false, setScale: false },
      ...(cursorKey ? { sync: { key: cursorKey } } : {}),
    },
    scales: {
      x: { time: true, range: () => [props().window.start / 1000, props().window.end / 1000] },
      y: { range: (_, __, most) => [0, Math.max(1, most || 0) * 1.08] },
      right: { range: (_, __, most) => [0, (most || 1) * 1.15] },
    },
    axes: [
      {
        ...axis,
        size: 20,
        space: 70,
        grid: { show: false },
        values: (_, splits, __, ___, step) =>
          splits.map(split => tickText(formatTime(split * 1000, props().zone), step)),
        splits: (_, __, from, to) => timeTicks(from, to, host.clientWidth, props().zone),
      },
      {
        ...axis,
        size: 44,
        space: 32,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7, 1e8],
        grid: { stroke: color("line"), width: 1 },
        values: (_, splits) => splits.map(split => props().formatLeft(split)),
      },
      ...(hasRight
        ? [
            {
              ...axis,
              side: 1 as const,
              scale: "right",
              size: 56,
              space: 32,
              grid: { show: false },
              values: (_: uPlot, splits: number[]) =>
                splits.map(split => (split === 0 ? "0" : props().formatRight(split))),
            },
          ]
        : []),
    ],
    series: [
      {},
      ...stack.map(one => ({
        label: one.label,
        fill: color(one.color === "ok" ? "calm" : one.color),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars?.({ size: [1, 64, 1], gap: 1 }) ?? (() => null),
      })),
      ...lines.map(one => ({
        label: one.label,
        stroke: color(one.color),
        width: 1.5,
        ...(one.isDashed ? { dash: [4, 3] } : {}),
        ...(one.axis === "right" ? { scale: "right" } : {}),
        points: { show: true, size: 4, width: 0, fill: color(one.color), filter: lonely },
      })),
    ],
    hooks: {
      setCursor: [plot => told.setHovered(plot.cursor.idx ?? null)],
      setSelect: [plot => selected(plot, props())],
      draw: [plot => veil(plot, props(), color("page"), color("accent"))],
      ready: [plot => listenForClicks(plot, props)],
    },
  };
}

/** Points without a neighbour, which a line would not show. */
function lonely(plot: uPlot, at: number): number[] {
  const values = plot.data[at] ?? [];
  const found: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const has = (other: number) => values[other] !== null && values[other] !== undefined;
    if (has(index) && !has(index - 1) && !has(index + 1)) found.push(index);
  }
  return found;
}

function selected(plot: uPlot, { window, onWindow }: Props): void {
  const { left, width } = plot.select;
  if (width < CLICK_PIXELS) return;
  const full = plot.over.clientWidth || 1;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onWindow?.(brushedWindow(window, [left / full, (left + width) / full]));
}

function listenForClicks(plot: uPlot, props: () => Props): void {
  let down = 0;
  plot.over.addEventListener("mousedown", event => {
    down = event.clientX;
  });
  plot.over.addEventListener("click", event => {
    const { times, bucketMillis, onBucket } = props();
    const start = times[plot.cursor.idx ?? -1];
    if (start === undefined || Math.abs(event.clientX - down) >= CLICK_PIXELS) return;
    onBucket?.({ start, end: start + bucketMillis });
  });
}

/** What was not counted yet lies under a veil, with a line where the counting stands. */
function veil(plot: uPlot, { covered, window }: Props, page: string, accent: string): void {
  if (!covered || covered.start <= window.start) return;
  const { left, top, height } = plot.bbox;
  const edge = Math.round(plot.valToPos(covered.start / 1000, "x", true));
  if (edge <= left) return;
  const context = plot.ctx;
  context.save();
  context.globalAlpha = 0.65;
  context.fillStyle = page;
  context.fillRect(left, top, edge - left, height);
  context.globalAlpha = 1;
  context.fillStyle = accent;
  context.fillRect(edge, top, devicePixelRatio, height);
  context.restore();
}

const TICK_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** Round times of the shown zone, in seconds, about 80 pixels apart. */
function timeTicks(from: number, to: number, pixels: number, zone: "utc" | "local"): number[] {
  const raw = ((to - from) * 80) / Math.max(200, pixels);
  const days = Math.ceil(raw / 86_400) * 86_400;
  const step = TICK_STEPS.find(candidate => candidate >= raw) ?? days;
  const shift = zone === "utc" ? 0 : new Date(from * 1000).getTimezoneOffset() * 60;
  const ticks: number[] = [];
  for (let tick = Math.ceil((from - shift) / step) * step + shift; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** Colours as the canvas knows them: the variables of the theme, resolved where the chart stands. */
function colorsOf(host: HTMLElement): (name: string) => string {
  const probe = document.createElement("span");
  host.append(probe);
  const known = new Map<string, string>();
  for (const name of COLORS) {
    // What is well is drawn softly: it is most of the picture, and not what one looks for.
    probe.style.color = name === "calm" ? "color-mix(in srgb, var(--ok) 55%, var(--page))" : `var(--${name})`;
    known.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return name => known.get(name) ?? "gray";
}

const COLORS = [
  "calm",
  "ok",
  "error",
  "fault",
  "throttle",
  "unknown",
  "accent",
  "muted",
  "text",
  "set-a",
  "set-b",
  "line",
  "page",
];
