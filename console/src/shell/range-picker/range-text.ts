/** A range of time in words, and as people type one. */
import { formatTime, type TimeZone } from "../../model/format";
import { OFFERED, parseDuration, parseTimeRange, type TimeRange } from "../../url/time-range";

/** `Last 15 minutes`, `2026-11-20 10:15 – 10:30`. */
export function describeRange(range: TimeRange, zone: TimeZone): string {
  if (range.kind === "relative") return `Last ${describeLength(range.millis)}`;
  const [start, end] = [shortTime(range.start, zone), shortTime(range.end, zone)];
  const isSameDay = start.slice(0, 10) === end.slice(0, 10);
  return `${start} – ${isSameDay ? end.slice(11) : end}${zone === "utc" ? " UTC" : ""}`;
}

/** The seconds only where there are any. */
const shortTime = (millis: number, zone: TimeZone): string => {
  const text = formatTime(millis, zone);
  return text.endsWith(":00") ? text.slice(0, -3) : text;
};

export function describeLength(millis: number): string {
  const offered = OFFERED.find(other => other.millis === millis);
  if (offered) return offered.label.replace(/^1 (?=minute|hour|day)/, "");
  const parts: [number, string][] = [
    [Math.floor(millis / 86_400_000), "d"],
    [Math.floor(millis / 3_600_000) % 24, "h"],
    [Math.floor(millis / 60_000) % 60, "m"],
    [(millis % 60_000) / 1000, "s"],
  ];
  const text = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return text.join(" ");
}

const UNITS: Record<string, string> = { s: "PT1S", m: "PT1M", h: "PT1H", d: "P1D", w: "P1W" };

/** What is typed: `PT45M`, `45m`, `start~end`; undefined if it is none of them. */
export function readRange(text: string): TimeRange | undefined {
  const short = /^\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*$/i.exec(text);
  if (!short) return parseTimeRange(text.trim().replace(/(\d) (?=\d\d:)/g, "$1T"));
  const unit = parseDuration(UNITS[short[2]?.toLowerCase() ?? ""] ?? "");
  const seconds = (Number(short[1]) * (unit ?? 0)) / 1000;
  const millis = parseDuration(`PT${seconds}S`);
  return millis === undefined ? undefined : { kind: "relative", millis };
}

/** The value of a `datetime-local` field, to the second. */
export const toField = (millis: number, zone: TimeZone): string => formatTime(millis, zone).replace(" ", "T");

/** Milliseconds since the epoch of such a value; NaN if it is none. */
export const fromField = (value: string, zone: TimeZone): number =>
  value ? Date.parse(zone === "utc" ? `${value}Z` : value) : Number.NaN;
