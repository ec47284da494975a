/** Links from a trace to the list of traces: filters made of what a segment says (spec filter-expressions.md). */
import { annotationWord, quote, serviceClause } from "../../model/filter/clauses";
import { hrefOf } from "../../shell/navigation";
import { shownWindow } from "../../shell/time";

export const annotationFilter = (key: string, value: string | number | boolean): string =>
  `${annotationWord(key)} = ${typeof value === "string" ? quote(value) : value}`;

export const excluding = (filter: string): string => `!(${filter})`;

export const exceptionFilter = (message: string, isFault: boolean): string =>
  `rootcause.${isFault ? "fault" : "error"}.exception { message = ${quote(message)} }`;

export const databaseFilter = (name: string): string => serviceClause(name, "Database::SQL");

const HOUR_MILLIS = 3_600_000;

/** The traces that `filter` finds, over the shown range, or around this trace if that lies elsewhere. */
export function tracesHref(filter: string, startMicros: number): string {
  const at = Math.floor(startMicros / 1000);
  const { start, end } = shownWindow.value;
  const isInside = at >= start && at < end;
  const around = { kind: "absolute", start: at - HOUR_MILLIS / 2, end: at + HOUR_MILLIS / 2 } as const;
  return hrefOf({
    route: { page: "traces" },
    params: { filter, ...(isInside ? {} : { timeRange: around }) },
  });
}

/** `http` and `https` only: nothing else of telemetry becomes a link. */
export function safeUrl(text: string): string | undefined {
  if (text.length > 4_000 || !/^https?:\/\//i.test(text)) return undefined;
  try {
    return new URL(text).href;
  } catch {
    return undefined;
  }
}
