/** Where values lie along an axis, and the buckets of a distribution; pure, for charts and their brushes. */

export type ScaleKind = "log" | "linear";

/** An axis: `position` gives 0 to 1 for `from` to `to`, `value` goes back. */
export interface Scale {
  readonly kind: ScaleKind;
  readonly from: number;
  readonly to: number;
  position(value: number): number;
  value(position: number): number;
}

/** Zero has no logarithm: what is smaller than this is drawn at the left end. 10 µs, in seconds. */
const SMALLEST = 1e-5;

export function scaleOf(kind: ScaleKind, from: number, to: number): Scale {
  if (kind === "linear") {
    const width = to - from || 1;
    return {
      kind,
      from,
      to: from + width,
      position: value => clamp((value - from) / width),
      value: position => from + clamp(position) * width,
    };
  }
  const low = Math.log(Math.max(from, SMALLEST));
  const high = Math.max(Math.log(Math.max(to, SMALLEST)), low + Math.LN2);
  return {
    kind,
    from: Math.exp(low),
    to: Math.exp(high),
    position: value => clamp((Math.log(Math.max(value, SMALLEST)) - low) / (high - low)),
    value: position => Math.exp(low + clamp(position) * (high - low)),
  };
}

const clamp = (position: number): number => Math.min(1, Math.max(0, position));

/** At most `max` round values within the scale, ascending: 1-2-5 steps, or decades. */
export function ticksOf(scale: Scale, max: number): number[] {
  return scale.kind === "linear" ? linearTicks(scale, max) : logTicks(scale, max);
}

function linearTicks({ from, to }: Scale, max: number): number[] {
  const raw = (to - from) / Math.max(1, max);
  const decade = 10 ** Math.floor(Math.log10(raw));
  const step = decade * ([1, 2, 5, 10].find(factor => factor * decade >= raw * (1 - 1e-9)) ?? 10);
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step); tick * step <= to * (1 + 1e-9); tick++) ticks.push(tick * step);
  return ticks.map(tick => Number(tick.toPrecision(12)));
}

function logTicks({ from, to }: Scale, max: number): number[] {
  const low = Math.floor(Math.log10(from));
  const high = Math.ceil(Math.log10(to));
  for (const factors of [[1, 2, 5], [1]]) {
    const ticks: number[] = [];
    for (let power = low; power <= high; power++) {
      for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(3)));
    }
    const inside = ticks.filter(tick => tick >= from * 0.999 && tick <= to * 1.001);
    if (inside.length <= max) return inside;
    if (factors.length === 1) return inside.filter((_, at) => at % Math.ceil(inside.length / max) === 0);
  }
  return [];
}

/** Seconds, from inclusive, to exclusive. */
export interface Bucket {
  from: number;
  to: number;
  count: number;
}

/** How many buckets a distribution is drawn with. */
const BUCKETS = 48;

/**
 * Buckets of equal width on `kind` of scale from single values with their counts, as X-Ray's histograms come
 * (`{Value, Count}`, seconds); empty without values.
 */
export function bucketsOf(
  entries: readonly { Value: number; Count: number }[],
  kind: ScaleKind = "log",
  size = BUCKETS,
): Bucket[] {
  const known = entries.filter(entry => entry.Value >= 0 && entry.Count > 0);
  if (known.length === 0) return [];
  const values = known.map(entry => entry.Value);
  const [low, high] = [minOf(values), maxOf(values)];
  // A single value still gets a bar in the middle of a scale.
  const scale =
    low === high
      ? scaleOf(kind, low * 0.5, high * 2 || 0.001)
      : scaleOf(kind, kind === "linear" ? 0 : low, high);
  const buckets = Array.from({ length: size }, (_, at) => ({
    from: scale.value(at / size),
    to: scale.value((at + 1) / size),
    count: 0,
  }));
  for (const { Value, Count } of known) {
    const bucket = buckets[Math.min(size - 1, Math.floor(scale.position(Value) * size))];
    if (bucket) bucket.count += Count;
  }
  return buckets;
}

/** The value below which `share` of the counted lie, taken evenly within a bucket; undefined without counts. */
export function percentileOf(buckets: readonly Bucket[], share: number): number | undefined {
  const total = sumOf(buckets);
  if (total === 0) return undefined;
  let left = share * total;
  for (const { from, to, count } of buckets) {
    if (count > 0 && left <= count) return from + (to - from) * (left / count);
    left -= count;
  }
  return buckets.at(-1)?.to;
}

/** How many lie in `range`; a bucket that is cut counts by its part. */
export function countWithin(buckets: readonly Bucket[], [low, high]: readonly [number, number]): number {
  let sum = 0;
  for (const { from, to, count } of buckets) {
    const width = to - from;
    const part =
      width > 0 ? (Math.min(to, high) - Math.max(from, low)) / width : from >= low && from <= high ? 1 : 0;
    if (part > 0) sum += count * Math.min(1, part);
  }
  return Math.round(sum);
}

export const sumOf = (buckets: readonly Bucket[]): number =>
  buckets.reduce((sum, bucket) => sum + bucket.count, 0);

// Spreading into Math.min fails from some hundred thousand values on.
export const minOf = (values: readonly number[]): number =>
  values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
export const maxOf = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);

/** A brushed response time as the server compares it: whole milliseconds, outward, so that nothing seen is lost. */
export function roundRange([low, high]: readonly [number, number]): [number, number] {
  const millis = (seconds: number, round: (value: number) => number) =>
    round(Number((seconds * 1e3).toFixed(6))) / 1e3;
  const from = millis(Math.max(0, Math.min(low, high)), Math.floor);
  return [from, Math.max(from, millis(Math.max(low, high), Math.ceil))];
}

/** The two ends in order; undefined for what is too narrow to be meant as a range (`least`, in scale positions). */
export function brushed(
  scale: Scale,
  start: number,
  end: number,
  least = 0.004,
): [number, number] | undefined {
  if (Math.abs(end - start) < least) return undefined;
  return [scale.value(Math.min(start, end)), scale.value(Math.max(start, end))];
}
