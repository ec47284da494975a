/** A range of time as a person chose it: the last so-and-so long, or from–to (spec console.md 2 and 3). */

export type TimeRange =
  | { kind: "relative"; millis: number }
  /** Milliseconds since the epoch; half-open. */
  | { kind: "absolute"; start: number; end: number };

export interface Window {
  /** Milliseconds since the epoch; half-open. */
  start: number;
  end: number;
}

export const DEFAULT_RANGE: TimeRange = { kind: "relative", millis: 15 * 60_000 };

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the picker offers. */
export const OFFERED: { millis: number; label: string }[] = [
  { millis: MINUTE, label: "1 minute" },
  { millis: 5 * MINUTE, label: "5 minutes" },
  { millis: 15 * MINUTE, label: "15 minutes" },
  { millis: HOUR, label: "1 hour" },
  { millis: 3 * HOUR, label: "3 hours" },
  { millis: 6 * HOUR, label: "6 hours" },
  { millis: 12 * HOUR, label: "12 hours" },
  { millis: DAY, label: "1 day" },
  { millis: 7 * DAY, label: "7 days" },
  { millis: 30 * DAY, label: "30 days" },
];

/** The longest range that is accepted: ten years. */
const LONGEST = 3_653 * DAY;

export function windowOf(range: TimeRange, now: number): Window {
  return range.kind === "absolute"
    ? { start: range.start, end: range.end }
    : { start: now - range.millis, end: now };
}

/** The window before (-1) or after (1) this one. */
export function neighbour(range: TimeRange, now: number, direction: -1 | 1): TimeRange {
  const { start, end } = windowOf(range, now);
  const shift = (end - start) * direction;
  return { kind: "absolute", start: start + shift, end: end + shift };
}

/** `PT15M`, or `start~end`; undefined if it is neither. */
export function parseTimeRange(text: string): TimeRange | undefined {
  const millis = parseDuration(text);
  if (millis !== undefined) return { kind: "relative", millis };
  const parts = text.split("~");
  if (parts.length !== 2) return undefined;
  const [start, end] = parts.map(parseTime);
  if (start === undefined || end === undefined || start >= end) return undefined;
  return { kind: "absolute", start, end };
}

export const formatTimeRange = (range: TimeRange): string =>
  range.kind === "relative"
    ? formatIsoDuration(range.millis)
    : `${formatIsoTime(range.start)}~${formatIsoTime(range.end)}`;

/** An ISO 8601 duration of days, hours, minutes and seconds, or weeks; in milliseconds. */
export function parseDuration(text: string): number | undefined {
  const found =
    /^P(?:(\d+(?:\.\d+)?)W|(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?)$/i.exec(
      text.trim(),
    );
  if (!found) return undefined;
  const [weeks, days, hours, minutes, seconds] = found.slice(1).map(part => Number(part ?? 0));
  const millis =
    (weeks ?? 0) * 7 * DAY +
    (days ?? 0) * DAY +
    (hours ?? 0) * HOUR +
    (minutes ?? 0) * MINUTE +
    (seconds ?? 0) * SECOND;
  const rounded = Math.round(millis);
  return rounded > 0 && rounded <= LONGEST ? rounded : undefined;
}

function formatIsoDuration(millis: number): string {
  const days = Math.floor(millis / DAY);
  const hours = Math.floor((millis % DAY) / HOUR);
  const minutes = Math.floor((millis % HOUR) / MINUTE);
  const seconds = (millis % MINUTE) / SECOND;
  const time = `${hours ? `${hours}H` : ""}${minutes ? `${minutes}M` : ""}${seconds ? `${seconds}S` : ""}`;
  return `P${days ? `${days}D` : ""}${time ? `T${time}` : ""}`;
}

/** ISO 8601, UTC unless an offset is given; milliseconds since the epoch. */
export function parseTime(text: string): number | undefined {
  const found = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
    text.trim(),
  );
  if (!found) return undefined;
  const hasTime = text.includes("T") || text.includes("t");
  const millis = Date.parse(found[1] || !hasTime ? text.trim() : `${text.trim()}Z`);
  return Number.isNaN(millis) ? undefined : millis;
}

function formatIsoTime(millis: number): string {
  const text = new Date(millis).toISOString();
  return text.endsWith(".000Z") ? text.slice(0, 19) : text.slice(0, 23);
}
