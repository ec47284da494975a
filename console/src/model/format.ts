/** Words and numbers (spec console.md 7.2). Durations come in seconds unless the name says otherwise. */

/** Three significant digits with a unit: `940 µs`, `12.4 ms`, `1.24 s`, `2 m 03 s`, `1 h 04 m`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `−${formatDuration(-seconds)}`;
  if (seconds === 0) return "0 ms";
  const micros = seconds * 1e6;
  if (micros < 999.5) return `${digits(micros)} µs`;
  if (micros < 999_500) return `${digits(micros / 1e3)} ms`;
  if (seconds < 59.95) return `${digits(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

export const formatMicros = (micros: number): string => formatDuration(micros / 1e6);

/** `1,204`; from a million on `3.1 M`. */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${brief(count / 1e9)} G`;
  if (count >= 1e6) return `${brief(count / 1e6)} M`;
  // Not by `Intl`, which takes longer to begin than most pages to draw.
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A share as `2.1 %`; never `0 %` or `100 %` for what is not exactly that. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "–";
  const percent = (100 * part) / whole;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.1) return "< 0.1 %";
  if (percent > 99.9) return "> 99.9 %";
  return `${percent >= 10 ? percent.toFixed(percent > 99 ? 1 : 0) : percent.toFixed(1)} %`;
}

/** Bytes in powers of 1,000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : digits(value)} ${units[unit]}`;
}

/** `12 s ago`, `3 m ago`, `2 h ago`, `4 d ago`; the future says `in …`. */
export function formatAge(thenMillis: number, nowMillis: number): string {
  const seconds = Math.round((nowMillis - thenMillis) / 1000);
  const [size, unit] = ageUnit(Math.abs(seconds));
  if (Math.abs(seconds) < 1) return "now";
  const text = `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

const ageUnit = (seconds: number): [number, string] => {
  if (seconds < 60) return [1, "s"];
  if (seconds < 3600) return [60, "m"];
  if (seconds < 86_400) return [3600, "h"];
  return [86_400, "d"];
};

export type TimeZone = "utc" | "local";

/** `2026-11-20 10:15:30`, with `.123` when `millis`. */
export function formatTime(epochMillis: number, zone: TimeZone, millis = false): string {
  const shift = zone === "utc" ? 0 : new Date(epochMillis).getTimezoneOffset() * 60_000;
  const date = new Date(epochMillis - shift);
  if (Number.isNaN(date.getTime())) return "–";
  const text = date.toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, millis ? 23 : 19)}`;
}

/** The time of day alone: `10:15:30`. */
export const formatClock = (epochMillis: number, zone: TimeZone): string =>
  formatTime(epochMillis, zone).slice(11);

/** Keeps both ends of a long name. */
export function shorten(text: string, max: number): string {
  const points = [...text];
  if (points.length <= max) return text;
  const head = Math.ceil((max - 1) / 2);
  return `${points.slice(0, head).join("")}…${points.slice(points.length - (max - 1 - head)).join("")}`;
}

/**
 * Text from telemetry as it may be shown: control and bidirectional characters become visible
 * (spec console.md 11), what is longer than `max` characters is cut.
 */
export function visible(text: string, max = 2_000): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut.replace(HIDDEN, character => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

// Control characters but line ends and tabs, bidirectional controls, zero-width and other invisible characters.
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const digits = (value: number): string => {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
};

/** Without the zeros at the end. */
const brief = (value: number): string =>
  digits(value)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");

const two = (value: number): string => String(value).padStart(2, "0");
