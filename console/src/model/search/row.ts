/** A row of the list of traces, and the orders it may have. */

export interface TraceRow {
  id: string;
  /** Milliseconds since the epoch, of the earliest segment. */
  start: number;
  /** Seconds; absent while nothing has ended. */
  duration: number | undefined;
  /** Seconds; absent while the root is in progress. */
  responseTime: number | undefined;
  fault: boolean;
  error: boolean;
  throttle: boolean;
  isPartial: boolean;
  method: string;
  url: string;
  status: number | undefined;
  /** Name and type of the service where the trace entered. */
  root: string;
  rootType: string;
  users: readonly string[];
  /** Values by key, as texts. */
  annotations: ReadonlyMap<string, readonly string[]>;
  revision: number;
}

export type RowClass = "ok" | "error" | "throttle" | "fault" | "unknown";

/** Fault before throttle before error; a trace in progress without any is not known yet. */
export function classOfRow(
  row: Pick<TraceRow, "fault" | "error" | "throttle" | "isPartial" | "responseTime">,
): RowClass {
  if (row.fault) return "fault";
  if (row.throttle) return "throttle";
  if (row.error) return "error";
  return row.isPartial && row.responseTime === undefined ? "unknown" : "ok";
}

export const SORTS = ["newest", "oldest", "slowest", "fastest", "longest", "shortest"] as const;
export type Sort = (typeof SORTS)[number];

export const sortOf = (text: string | undefined): Sort => SORTS.find(sort => sort === text) ?? "newest";

/** As the server orders: those without the value last, ties newest first. */
export function compareRows(sort: Sort): (left: TraceRow, right: TraceRow) => number {
  const key = sort === "longest" || sort === "shortest" ? "duration" : "responseTime";
  const sign = sort === "fastest" || sort === "shortest" ? 1 : -1;
  const newest = (left: TraceRow, right: TraceRow) =>
    right.start - left.start || (left.id < right.id ? -1 : 1);
  if (sort === "newest") return newest;
  if (sort === "oldest") return (left, right) => -newest(left, right);
  return (left, right) => {
    const [a, b] = [left[key], right[key]];
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    return sign * (a - b) || newest(left, right);
  };
}

/** Columns of fixed meaning; `annotation.<key>` besides. */
export const COLUMNS = [
  "status",
  "id",
  "start",
  "age",
  "method",
  "url",
  "code",
  "response",
  "duration",
  "service",
  "user",
] as const;
export type FixedColumn = (typeof COLUMNS)[number];
export type Column = FixedColumn | `annotation.${string}`;

export const DEFAULT_COLUMNS: readonly Column[] = [
  "status",
  "id",
  "age",
  "method",
  "url",
  "code",
  "response",
  "duration",
  "service",
];

/** The columns an address names; unknown ones are dropped, and without any known the usual ones are shown. */
export function columnsOf(names: readonly string[] | undefined): readonly Column[] {
  const known = (names ?? []).filter(
    (name): name is Column => COLUMNS.some(column => column === name) || /^annotation\../.test(name),
  );
  const unique = known.filter((name, at) => known.indexOf(name) === at);
  return unique.length > 0 ? unique : DEFAULT_COLUMNS;
}

/** What a row has in a column, as text; the status mark is the class. */
export function textOf(row: TraceRow, column: Column): string {
  switch (column) {
    case "status":
      return classOfRow(row);
    case "id":
      return row.id;
    case "start":
    case "age":
      return new Date(row.start).toISOString();
    case "method":
      return row.method;
    case "url":
      return row.url;
    case "code":
      return row.status === undefined ? "" : String(row.status);
    case "response":
      return row.responseTime === undefined ? "" : String(row.responseTime);
    case "duration":
      return row.duration === undefined ? "" : String(row.duration);
    case "service":
      return row.root;
    case "user":
      return row.users.join(" ");
    default:
      return (row.annotations.get(column.slice("annotation.".length)) ?? []).join(" ");
  }
}

/** Rows as comma-separated values (RFC 4180) with a header, all fixed columns and every annotation key. */
export function csvOf(rows: readonly TraceRow[]): string {
  const keys = [...new Set(rows.flatMap(row => [...row.annotations.keys()]))].sort();
  const columns: Column[] = [
    ...COLUMNS.filter(column => column !== "age"),
    ...keys.map(key => `annotation.${key}` as const),
  ];
  const lines = rows.map(row => columns.map(column => cell(textOf(row, column))).join(","));
  return `${[columns.map(cell).join(","), ...lines].join("\r\n")}\r\n`;
}

/** What a spreadsheet would take for a formula is made text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
