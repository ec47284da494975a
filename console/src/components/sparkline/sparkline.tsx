/** A small line without axes, with a band behind it when one is expected; its words say what it shows. */
import styles from "./sparkline.module.css";

const WIDTH = 120;
const HEIGHT = 22;

export interface SparklineProps {
  /** In words: "requests per second, now 4.2, at most 9". */
  label: string;
  values: readonly number[];
  /** Expected bounds at each value. */
  band?: readonly { low: number; high: number }[];
  color?: "accent" | "fault";
}

export function Sparkline({ label, values, band, color = "accent" }: SparklineProps) {
  const max = Math.max(...values, ...(band ?? []).map(({ high }) => high), Number.MIN_VALUE);
  const x = (index: number) => (values.length > 1 ? (index / (values.length - 1)) * WIDTH : WIDTH / 2);
  const y = (value: number) => HEIGHT - 2 - (value / max) * (HEIGHT - 4);
  const line = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return (
    <svg
      class={styles.sparkline}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {band && <polygon class={styles.band} points={outline(band, x, y)} />}
      <polyline class={`${styles.line} ${styles[color]}`} points={line} />
    </svg>
  );
}

const outline = (
  band: readonly { low: number; high: number }[],
  x: (index: number) => number,
  y: (value: number) => number,
): string => {
  const upper = band.map(({ high }, index) => `${x(index).toFixed(1)},${y(high).toFixed(1)}`);
  const lower = band.map(({ low }, index) => `${x(index).toFixed(1)},${y(low).toFixed(1)}`);
  return [...upper, ...lower.reverse()].join(" ");
};
