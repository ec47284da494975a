/** The part of a trace that is looked at, and its ruler; times in microseconds from the trace's start. */

export interface View {
  from: number;
  to: number;
}

/** The closest one can look: a microsecond over a few pixels. */
const WIDTH_MIN = 10;

/** Kept inside the trace, never narrower than `WIDTH_MIN`. */
export function clampView({ from, to }: View, duration: number): View {
  const width = Math.min(duration, Math.max(to - from, Math.min(WIDTH_MIN, duration)));
  const start = Math.max(0, Math.min(from, duration - width));
  return { from: start, to: start + width };
}

/** `factor` below 1 looks closer; what is at `around` stays where it is. */
export function zoom(view: View, factor: number, around: number, duration: number): View {
  const at = Math.max(view.from, Math.min(around, view.to));
  return clampView({ from: at - (at - view.from) * factor, to: at + (view.to - at) * factor }, duration);
}

/** `share` of the shown width, to the right if positive. */
export function pan(view: View, share: number, duration: number): View {
  const by = (view.to - view.from) * share;
  return clampView({ from: view.from + by, to: view.to + by }, duration);
}

/** A row with a little room around it. */
export function fitView(start: number, end: number, duration: number): View {
  const room = Math.max(1, (end - start) * 0.05);
  return clampView({ from: start - room, to: end + room }, duration);
}

export const isWhole = (view: View, duration: number): boolean => view.from <= 0 && view.to >= duration;

/** Round times at least `spacing` apart, `spacing` being the share of the width that a label needs. */
export function ticks(view: View, spacing: number): number[] {
  const width = view.to - view.from;
  const wanted = width * spacing;
  let step = 10 ** Math.floor(Math.log10(Math.max(wanted, 1e-3)));
  for (const factor of [1, 2, 5, 10]) {
    if (step * factor >= wanted) {
      step *= factor;
      break;
    }
  }
  const result: number[] = [];
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) result.push(at);
  return result;
}

/** A time on the ruler: all ticks in one unit, as many decimals as tell them apart. */
export function formatTick(micros: number, step: number): string {
  const [size, unit] = step >= 1e6 ? [1e6, "s"] : step >= 1e3 ? [1e3, "ms"] : [1, "µs"];
  const decimals = Math.max(0, Math.min(3, -Math.floor(Math.log10(step / size))));
  return `${(micros / size).toFixed(decimals)} ${unit}`;
}
