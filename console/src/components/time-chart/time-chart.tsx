/**
 * Counts and times over the shown range (spec console.md 6.2, 6.1.4): stacked bars, lines, brush. The drawing code (uPlot)
 * is loaded when the first chart is shown.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount, formatTime, type TimeZone } from "../../model/format";
import { preferences } from "../../shell/preferences";
import type { Window } from "../../url/time-range";
import { Brush } from "../brush/brush";
import { Button } from "../button/button";
import type { Drawing, Frame } from "./draw";
import styles from "./time-chart.module.css";
import { brushedWindow } from "./window";

/** Names of colours in tokens.css. */
export type ChartColor =
  | "ok"
  | "error"
  | "fault"
  | "throttle"
  | "unknown"
  | "accent"
  | "muted"
  | "text"
  | "set-a"
  | "set-b";

export interface TimeSeries {
  label: string;
  /** One per time; null where there is nothing. */
  values: readonly (number | null)[];
  color: ChartColor;
  /** `stack`: bars upon each other, the first series at the bottom. */
  kind: "stack" | "line";
  /** Lines may have the axis on the right, with `formatRight`. */
  axis?: "left" | "right";
  isDashed?: boolean;
}

export interface TimeChartProps {
  /** What is shown: "Traces by class". */
  label: string;
  /** Start of each bucket, milliseconds since the epoch, ascending. */
  times: readonly number[];
  bucketMillis: number;
  series: readonly TimeSeries[];
  /** What the axis covers; the same for all charts of a page. */
  window: Window;
  zone: TimeZone;
  height?: number;
  formatLeft?: (value: number) => string;
  formatRight?: (value: number) => string;
  /** Adds the brush: a range, whole seconds where it is long enough. */
  onWindow?: (window: Window) => void;
  /** A click on a bucket. */
  onBucket?: (bucket: Window) => void;
  /** The part that is counted already; the rest is drawn as not known yet. */
  covered?: Window | undefined;
  /** Charts with one key share their cursor. */
  cursorKey?: string;
}

export function TimeChart(props: TimeChartProps) {
  const {
    label,
    times,
    series,
    zone,
    height = 120,
    formatLeft = formatCount,
    formatRight = formatCount,
  } = props;
  const host = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const [failure, setFailure] = useState(false);
  const [isTable, setTable] = useState(false);
  const [frame, setFrame] = useState<Frame>();
  useDrawing(
    host,
    { ...props, height, formatLeft, formatRight },
    { setHovered, setFailure, setFrame },
    isTable,
  );

  const format = (one: TimeSeries, value: number | null | undefined) => {
    if (value === null || value === undefined) return "–";
    return (one.axis === "right" ? formatRight : formatLeft)(value);
  };
  const sums = (one: TimeSeries) => one.values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  const at = hovered === null ? undefined : times[hovered];
  const width = props.window.end - props.window.start;
  const timeOf = (position: number) => formatTime(props.window.start + position * width, zone);
  return (
    <figure class={styles.chart} aria-label={summary(label, series, sums, format)}>
      <div class={styles.legend}>
        <ul>
          {series.map(one => (
            <li key={one.label}>
              <span
                class={`${styles.key} ${styles[one.kind]} ${styles[`color-${one.color}`]}`}
                aria-hidden="true"
              />
              {one.label}{" "}
              <b>
                {hovered === null
                  ? one.kind === "stack"
                    ? format(one, sums(one))
                    : ""
                  : format(one, one.values[hovered])}
              </b>
            </li>
          ))}
        </ul>
        <span class={styles.at}>{at === undefined ? "" : formatTime(at, zone)}</span>
        <Button look="quiet" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          table
        </Button>
      </div>
      {isTable || failure ? (
        <Table {...props} format={format} />
      ) : (
        <div class={styles.plot} style={{ height: `${height}px` }}>
          <div ref={host} class={styles.host} aria-hidden="true" />
          {props.onWindow && frame && (
            <div
              class={styles.frame}
              style={{
                left: `${frame.left}px`,
                width: `${frame.width}px`,
                top: `${frame.top}px`,
                height: `${frame.height}px`,
              }}
            >
              <Brush
                label={label}
                range={undefined}
                textOf={timeOf}
                onApply={range => range && props.onWindow?.(brushedWindow(props.window, range))}
                keysOnly
              />
            </div>
          )}
        </div>
      )}
    </figure>
  );
}

interface Told {
  setHovered: (index: number | null) => void;
  setFailure: (failed: boolean) => void;
  setFrame: (frame: Frame) => void;
}

type Drawn = TimeChartProps & Required<Pick<TimeChartProps, "height" | "formatLeft" | "formatRight">>;

/** Keeps the drawing in `host` as the properties say. */
function useDrawing(
  host: { current: HTMLDivElement | null },
  props: Drawn,
  told: Told,
  isTable: boolean,
): void {
  const drawing = useRef<Drawing | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const theme = useTheme();
  // What the drawing is made of; data and size are changed in place.
  const made = JSON.stringify([
    theme,
    isTable,
    props.zone,
    props.height,
    props.cursorKey,
    Boolean(props.onWindow),
    props.series.map(({ label, color, kind, axis, isDashed }) => [label, color, kind, axis, isDashed]),
  ]);
  useEffect(() => {
    let isShown = true;
    import("./draw")
      .then(({ draw }) => {
        if (isShown && host.current) drawing.current = draw(host.current, () => latest.current, told);
      })
      // Without the drawing the table says the same.
      .catch(() => isShown && told.setFailure(true));
    return () => {
      isShown = false;
      drawing.current?.destroy();
      drawing.current = undefined;
    };
  }, [made]);
  useEffect(() => {
    drawing.current?.update();
  }, [props.series, props.times, props.window.start, props.window.end, props.covered?.start]);
}

/** Changes whenever the colours do. */
function useTheme(): string {
  const { theme } = preferences.value;
  const [isDark, setDark] = useState(false);
  useEffect(() => {
    const query = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
    const read = () => setDark(query?.matches ?? false);
    read();
    query?.addEventListener("change", read);
    return () => query?.removeEventListener("change", read);
  }, []);
  return `${theme} ${isDark}`;
}

function Table(
  props: TimeChartProps & { format: (one: TimeSeries, value: number | null | undefined) => string },
) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class={styles.table} tabIndex={0} aria-label={`${props.label}: table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {props.series.map(one => (
              <th scope="col" key={one.label}>
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.times.map((time, at) => (
            <tr key={time}>
              <td>{formatTime(time, props.zone)}</td>
              {props.series.map(one => (
                <td key={one.label}>{props.format(one, one.values[at])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function summary(
  label: string,
  series: readonly TimeSeries[],
  sums: (one: TimeSeries) => number,
  format: (one: TimeSeries, value: number) => string,
): string {
  const parts = series.map(one => {
    if (one.kind === "stack") return `${one.label} ${format(one, sums(one))}`;
    const most = one.values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
    return `${one.label} at most ${format(one, most)}`;
  });
  return `${label}: ${parts.join(", ")}`;
}
