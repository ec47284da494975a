/** A distribution of response times with marks and a brush (spec console.md 6.1.4, 6.2). */
import { useMemo, useState } from "preact/hooks";
import { formatCount, formatDuration, formatShare } from "../../model/format";
import {
  type Bucket,
  brushed,
  countWithin,
  maxOf,
  roundRange,
  type Scale,
  type ScaleKind,
  scaleOf,
  sumOf,
  ticksOf,
} from "../../model/scale";
import { Brush } from "../brush/brush";
import { Button } from "../button/button";
import styles from "./histogram.module.css";

export interface HistogramProps {
  /** What is counted: "Response time". */
  label: string;
  /** Ascending, seconds; `bucketsOf` (model/scale) makes them from X-Ray's histograms. */
  buckets: readonly Bucket[];
  /** Drawn as lines with their names: p50, p90, p99. */
  marks?: readonly { label: string; at: number | undefined }[];
  /** Axis across; `onScale` adds the switch. */
  scale?: ScaleKind;
  onScale?: (kind: ScaleKind) => void;
  /** Height of the bars in pixels. */
  height?: number;
  /** The chosen range in seconds. */
  range?: readonly [number, number] | undefined;
  /** Adds the brush; the range is rounded outward to whole milliseconds; undefined: taken away. */
  onRange?: (range: [number, number] | undefined) => void;
  /** The range while it is being dragged. */
  onDraft?: (range: [number, number] | undefined) => void;
  format?: (value: number) => string;
}

// The bars are drawn in this space and stretched, so no size is ever measured.
const WIDTH = 1000;
const HEIGHT = 100;
/** A bucket with anything in it is seen: at least this high. */
const LEAST = 2.5;

export function Histogram(props: HistogramProps) {
  const { buckets, label, format = formatDuration, scale: kind = "log", height = 72 } = props;
  const [hovered, setHovered] = useState<number>();
  const [draft, setDraft] = useState<[number, number]>();
  const [isTable, setTable] = useState(false);
  const scale = useMemo(() => axisOf(buckets, kind), [buckets, kind]);
  const bars = useMemo(() => barsOf(buckets, scale), [buckets, scale]);
  const total = useMemo(() => sumOf(buckets), [buckets]);
  const range = draft ?? props.range;
  const positions = range && ([scale.position(range[0]), scale.position(range[1])] as [number, number]);
  const rangeAt = (at: [number, number] | undefined) => {
    const found = at && brushed(scale, at[0], at[1]);
    return found && roundRange(found);
  };
  const bucket =
    hovered === undefined ? undefined : buckets.find(({ from, to }) => hovered >= from && hovered < to);
  return (
    <div class={styles.histogram}>
      <div class={styles.readout}>
        <span aria-live="polite">{readout(bucket, range, buckets, total, format)}</span>
        <span class={styles.switches}>
          {props.onScale && (
            <Button
              look="quiet"
              aria-label={`${label}: ${kind === "log" ? "logarithmic" : "linear"} scale; change`}
              onClick={() => props.onScale?.(kind === "log" ? "linear" : "log")}
            >
              {kind === "log" ? "log" : "linear"}
            </Button>
          )}
          <Button look="quiet" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
            table
          </Button>
        </span>
      </div>
      {isTable ? (
        <Table label={label} buckets={buckets} total={total} format={format} />
      ) : (
        <figure class={styles.figure} aria-label={summary(label, buckets, total, props.marks, format)}>
          <div
            class={styles.plot}
            style={{ height: `${height}px` }}
            onPointerMove={event => {
              const box = event.currentTarget.getBoundingClientRect();
              setHovered(scale.value((event.clientX - box.left) / (box.width || 1)));
            }}
            onPointerLeave={() => setHovered(undefined)}
          >
            <Bars path={bars} look={positions ? styles.outside : styles.bars} />
            {positions && <Bars path={bars} look={styles.bars} clip={positions} />}
            <Marks marks={props.marks ?? []} scale={scale} />
            {props.onRange && (
              <Brush
                label={label}
                range={props.range && [scale.position(props.range[0]), scale.position(props.range[1])]}
                textOf={at => format(scale.value(at))}
                onDraft={at => {
                  const next = rangeAt(at);
                  setDraft(next);
                  props.onDraft?.(next);
                }}
                onApply={at => props.onRange?.(rangeAt(at))}
              />
            )}
          </div>
          <div class={styles.axis} aria-hidden="true">
            {(total > 0 ? spaced(ticksOf(scale, 12), scale) : []).map(tick => (
              <span key={tick} style={{ left: `${scale.position(tick) * 100}%` }}>
                {format(tick).replace(/\.0+(?= )/, "")}
              </span>
            ))}
          </div>
        </figure>
      )}
    </div>
  );
}

function Bars({ path, look, clip }: { path: string; look: string | undefined; clip?: [number, number] }) {
  const style = clip ? { clipPath: `inset(0 ${(1 - clip[1]) * 100}% 0 ${clip[0] * 100}%)` } : {};
  return (
    <svg
      class={`${styles.svg} ${look}`}
      style={style}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

function Marks({ marks, scale }: { marks: NonNullable<HistogramProps["marks"]>; scale: Scale }) {
  let before = Number.NEGATIVE_INFINITY;
  let level = 0;
  return (
    <>
      {marks.map(({ label, at }) => {
        if (at === undefined) return null;
        const position = scale.position(at);
        // Close marks have their names on different heights.
        level = position - before < 0.07 ? level + 1 : 0;
        before = position;
        const isRight = position > 0.9;
        return (
          <span
            key={label}
            class={`${styles.mark} ${isRight ? styles.flipped : ""}`}
            style={{ left: `${position * 100}%` }}
            aria-hidden="true"
          >
            <span style={{ top: `${level * 0.8}rem` }}>{label}</span>
          </span>
        );
      })}
    </>
  );
}

function Table(props: {
  label: string;
  buckets: readonly Bucket[];
  total: number;
  format: (value: number) => string;
}) {
  const { format, total } = props;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class={styles.table} tabIndex={0} aria-label={`${props.label}: table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{props.label}</th>
            <th scope="col">Count</th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {props.buckets
            .filter(bucket => bucket.count > 0)
            .map(({ from, to, count }) => (
              <tr key={from}>
                <td>
                  {format(from)} – {format(to)}
                </td>
                <td>{formatCount(count)}</td>
                <td>{formatShare(count, total)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}

function axisOf(buckets: readonly Bucket[], kind: ScaleKind): Scale {
  const from = buckets[0]?.from ?? 0.001;
  const to = buckets.at(-1)?.to ?? 1;
  return scaleOf(kind, kind === "linear" ? 0 : from, to);
}

/** Names of ticks need room: this share of the width. */
const TICK_ROOM = 0.13;

function spaced(ticks: readonly number[], scale: Scale): number[] {
  let before = Number.NEGATIVE_INFINITY;
  return ticks.filter(tick => {
    const at = scale.position(tick);
    if (at - before < TICK_ROOM || at < 0.03 || at > 0.97) return false;
    before = at;
    return true;
  });
}

/** One path for all bars: a brush moves a clip over it and draws nothing anew. */
function barsOf(buckets: readonly Bucket[], scale: Scale): string {
  // Height is count per drawn width: buckets of different widths compare by their area.
  const widths = buckets.map(({ from, to }) => scale.position(to) - scale.position(from));
  const widest = maxOf(widths);
  const heights = buckets.map(({ count }, at) => {
    const width = widths[at] ?? 0;
    return width <= 0 ? count : count / (width / widest);
  });
  const most = maxOf(heights);
  const parts: string[] = [];
  buckets.forEach(({ from, count }, at) => {
    if (count === 0) return;
    const left = scale.position(from) * WIDTH;
    const width = Math.max(1, (widths[at] ?? 0) * WIDTH - 2);
    const height = Math.max(LEAST, ((heights[at] ?? 0) / most) * HEIGHT);
    parts.push(
      `M${left.toFixed(1)} ${HEIGHT}v${(-height).toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}z`,
    );
  });
  return parts.join("");
}

function readout(
  bucket: Bucket | undefined,
  range: readonly [number, number] | undefined,
  buckets: readonly Bucket[],
  total: number,
  format: (value: number) => string,
): string {
  if (range) {
    const count = countWithin(buckets, range);
    return `${format(range[0])} – ${format(range[1])}: ${formatCount(count)} (${formatShare(count, total)})`;
  }
  if (bucket) return `${format(bucket.from)} – ${format(bucket.to)}: ${formatCount(bucket.count)}`;
  return "";
}

function summary(
  label: string,
  buckets: readonly Bucket[],
  total: number,
  marks: HistogramProps["marks"],
  format: (value: number) => string,
): string {
  if (total === 0) return `${label}: nothing counted`;
  const known = (marks ?? []).filter(mark => mark.at !== undefined);
  const named = known.map(({ label: name, at }) => `${name} ${format(at ?? 0)}`);
  const ends = `${format(buckets[0]?.from ?? 0)} to ${format(buckets.at(-1)?.to ?? 0)}`;
  return [`${label}: ${formatCount(total)} counted, ${ends}`, ...named].join(", ");
}
