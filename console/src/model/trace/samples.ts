/** Traces for tests, as the server's documents: named members where they matter, the rest filled in. */
import type { Json } from "./from-documents";

export const id = (number: number): string => number.toString(16).padStart(16, "0");

export const entity = (number: number, from: number, to: number | undefined, more: Json = {}): Json => ({
  id: id(number),
  name: `s${number}`,
  start_time: 1_000 + from,
  ...(to === undefined ? { in_progress: true } : { end_time: 1_000 + to }),
  ...more,
});

export const trace = (...documents: unknown[]) => ({
  id: "1-00000000-000000000000000000000000",
  limitExceeded: false,
  documents,
});
