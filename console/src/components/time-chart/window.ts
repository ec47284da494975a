import type { Window } from "../../url/time-range";

/** A brushed part of `window` (0 to 1): whole seconds, outward, where that does not distort it. */
export function brushedWindow(window: Window, [from, to]: readonly [number, number]): Window {
  const width = window.end - window.start;
  const start = window.start + Math.min(from, to) * width;
  const end = window.start + Math.max(from, to) * width;
  const unit = end - start >= 10_000 ? 1000 : 1;
  const first = Math.floor(start / unit) * unit;
  return { start: first, end: Math.max(first + unit, Math.ceil(end / unit) * unit) };
}

/** The text of a tick: as fine as the ticks lie close. `text` is `2026-11-20 10:15:30`. */
export function tickText(text: string, stepSeconds: number): string {
  if (stepSeconds >= 86_400) return text.slice(5, 10);
  const time = text.slice(11, stepSeconds < 60 ? 19 : 16);
  return time.startsWith("00:00") && !time.slice(5).match(/[1-9]/) ? text.slice(5, 10) : time;
}

/** Running sums of stacked series: what is drawn first is the highest. */
export function stacked(layers: readonly (readonly (number | null)[])[]): number[][] {
  const sums: number[][] = [];
  let below: number[] = [];
  for (const layer of layers) {
    below = layer.map((value, at) => (value ?? 0) + (below[at] ?? 0));
    sums.push(below);
  }
  return sums;
}
