/** Titles, widths, orders and cells of the columns. */
import type { ComponentChildren } from "preact";
import { StatusMark } from "../../components/status-mark/status-mark";
import { formatAge, formatDuration, formatTime, type TimeZone, visible } from "../../model/format";
import { type Column, classOfRow, type Sort, type TraceRow, textOf } from "../../model/search/row";
import styles from "./list.module.css";

const TITLES: Record<string, string> = {
  status: "Status",
  id: "Trace",
  start: "Start",
  age: "Age",
  method: "Method",
  url: "URL",
  code: "Code",
  response: "Response time",
  duration: "Duration",
  service: "Root service",
  user: "User",
};

export const titleOf = (column: Column): string => TITLES[column] ?? column.slice("annotation.".length);

/** The mark needs no title to be understood, but has one to be found by. */
export const isIcon = (column: Column): boolean => column === "status";

/** Pixels; the URL takes what is left. */
const WIDTHS: Record<string, number> = {
  status: 34,
  id: 80,
  start: 158,
  age: 80,
  method: 68,
  url: 180,
  code: 52,
  response: 136,
  duration: 84,
  service: 130,
  user: 120,
};
export const widthOf = (column: Column): number => WIDTHS[column] ?? 120;
export const WIDTH_LEAST = 40;

/** The two orders a column has; the first is what a click gives. */
export const ORDERS: Partial<Record<Column, readonly [Sort, Sort]>> = {
  start: ["newest", "oldest"],
  age: ["newest", "oldest"],
  response: ["slowest", "fastest"],
  duration: ["longest", "shortest"],
};

/** Numbers stand at the right. */
export const isNumeric = (column: Column): boolean =>
  column === "duration" || column === "code" || column === "age";

export interface CellContext {
  now: number;
  zone: TimeZone;
  /** Seconds that fill the bar. */
  slowest: number;
  hrefOf: (id: string) => string;
}

export function cellOf(row: TraceRow, column: Column, context: CellContext): ComponentChildren {
  switch (column) {
    case "status":
      return <StatusMark of={classOfRow(row)} />;
    case "id":
      return (
        <a class={styles.id} href={context.hrefOf(row.id)} tabIndex={-1} title={row.id}>
          {row.id.slice(11, 19)}
        </a>
      );
    case "start":
      return (
        <span title={formatTime(row.start, context.zone, true)}>{formatTime(row.start, context.zone)}</span>
      );
    case "age":
      return (
        <span title={formatTime(row.start, context.zone, true)}>{formatAge(row.start, context.now)}</span>
      );
    case "url":
      return row.url === "" ? <Nothing /> : <Url text={row.url} />;
    case "code":
      return <span class={codeClass(row.status)}>{row.status}</span>;
    case "response":
      return <Bar row={row} slowest={context.slowest} />;
    case "duration":
      return row.duration === undefined ? <Nothing /> : formatDuration(row.duration);
    default: {
      const text = visible(textOf(row, column), 300);
      return text === "" ? <Nothing /> : <span title={text}>{text}</span>;
    }
  }
}

const Nothing = () => <span class={styles.nothing}>–</span>;

/** The host steps back behind the path, and the scheme is not shown. */
export function Url({ text }: { text: string }) {
  const shown = visible(text, 600);
  const found = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/i.exec(shown);
  return (
    <span class={styles.url} title={shown}>
      {found && <span class={styles.host}>{found[1]}</span>}
      <span class={styles.path}>{found ? found[2] : shown}</span>
    </span>
  );
}

function Bar({ row, slowest }: { row: TraceRow; slowest: number }) {
  if (row.responseTime === undefined) return <span class={styles.nothing}>in progress</span>;
  const width = slowest > 0 ? Math.min(100, (100 * row.responseTime) / slowest) : 0;
  return (
    <span class={styles.response}>
      <span class={styles.track} aria-hidden="true">
        <span class={`${styles.fill} ${styles[classOfRow(row)]}`} style={{ width: `${width}%` }} />
      </span>
      <span class={styles.seconds}>{formatDuration(row.responseTime)}</span>
    </span>
  );
}

function codeClass(status: number | undefined): string | undefined {
  if (status === undefined || status < 400) return undefined;
  if (status === 429) return styles.throttleText;
  return status < 500 ? styles.errorText : styles.faultText;
}
