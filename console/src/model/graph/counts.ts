/** Completed requests by class, and what a ring shows of them (spec console.md 6.1.2, 6.1.3). */

/** In the order in which a ring shows them, clockwise from the top. */
export const CLASSES = ["ok", "error", "throttle", "fault"] as const;
export type RequestClass = (typeof CLASSES)[number];

export interface Counts extends Record<RequestClass, number> {
  total: number;
}

export const NO_COUNTS: Counts = { ok: 0, error: 0, throttle: 0, fault: 0, total: 0 };

export const addCounts = (a: Counts, b: Counts): Counts => ({
  ok: a.ok + b.ok,
  error: a.error + b.error,
  throttle: a.throttle + b.throttle,
  fault: a.fault + b.fault,
  total: a.total + b.total,
});

export const notOk = (counts: Counts): number => counts.error + counts.throttle + counts.fault;

export interface Arc {
  of: RequestClass;
  /** Degrees clockwise from the top. */
  start: number;
  end: number;
}

/** A class that occurred at all gets at least this much of the ring. */
export const ARC_MIN_DEGREES = 8;

/** The ring's arcs; small classes take what they lack from the large ones, in proportion. */
export function ringArcs(counts: Counts): Arc[] {
  const present = CLASSES.filter(of => counts[of] > 0);
  const share = (of: RequestClass) => (360 * counts[of]) / counts.total;
  const small = new Set<RequestClass>();
  // Shrinking the large ones may make one of them small: at most as often as there are classes.
  let scale = 1;
  for (let isSettled = false; !isSettled; ) {
    const rest = present.filter(of => !small.has(of));
    const sum = rest.reduce((total, of) => total + share(of), 0);
    scale = (360 - small.size * ARC_MIN_DEGREES) / sum;
    const found = rest.filter(of => share(of) * scale < ARC_MIN_DEGREES);
    for (const of of found) small.add(of);
    isSettled = found.length === 0;
  }
  let at = 0;
  return present.map(of => {
    const start = at;
    at += small.has(of) ? ARC_MIN_DEGREES : share(of) * scale;
    return { of, start, end: at };
  });
}

/** From which shares on something stands out. */
export interface Thresholds {
  /** Share of requests that are not ok, from which it is a warning. */
  warn: number;
  /** The same, from which it is bad. */
  bad: number;
  /** Share of faults, from which it is bad. */
  fault: number;
}

export const DEFAULT_THRESHOLDS: Thresholds = { warn: 0.01, bad: 0.05, fault: 0.01 };

export type Health = "calm" | "warn" | "bad";

export function healthOf(counts: Counts, thresholds: Thresholds = DEFAULT_THRESHOLDS): Health {
  if (counts.total === 0) return "calm";
  const share = notOk(counts) / counts.total;
  if (share >= thresholds.bad || (counts.fault > 0 && counts.fault / counts.total >= thresholds.fault)) {
    return "bad";
  }
  return share > 0 && share >= thresholds.warn ? "warn" : "calm";
}

/** The class most of what is not ok belongs to; fault when equal. */
export function worstClass(counts: Counts): RequestClass {
  const worst = (["fault", "throttle", "error"] as const).reduce((a, b) => (counts[b] > counts[a] ? b : a));
  return counts[worst] > 0 ? worst : "ok";
}
