/** Segment documents as an SDK writes them. */
import type { Random } from "./random";

/** A segment document or an embedded subsegment. */
export type Document = Record<string, unknown>;

/** Milliseconds since the epoch; half-open. */
export interface Span {
  start: number;
  end: number;
}

export function traceId(random: Random, start: number): string {
  const seconds = Math.floor(start / 1000);
  return `1-${seconds.toString(16).padStart(8, "0")}-${random.hex(24)}`;
}

/** A segment, or a subsegment if it is embedded in one. */
export function entity(random: Random, name: string, span: Span, more: Document = {}): Document {
  return { name, id: random.hex(16), start_time: seconds(span.start), end_time: seconds(span.end), ...more };
}

/** Microseconds, as the SDKs write them. */
export const seconds = (millis: number): number => Math.round(millis * 1000) / 1_000_000;

/** `http`, and the flags an SDK sets for the status. */
export function http(method: string, url: string, status: number): Document {
  const flags =
    status === 429
      ? { error: true, throttle: true }
      : status >= 500
        ? { fault: true }
        : status >= 400
          ? { error: true }
          : {};
  return { http: { request: { method, url }, response: { status, content_length: 512 } }, ...flags };
}

export function exception(random: Random, type: string, message: string, remote = false): Document {
  const stack = [
    { path: "shop/payments.ts", line: 118, label: "charge" },
    { path: "shop/checkout.ts", line: 64, label: "placeOrder" },
    { path: "shop/server.ts", line: 31, label: "handle" },
  ];
  const exceptions = [{ id: random.hex(16), type, message, remote, truncated: 0, stack }];
  return { cause: { working_directory: "/srv/shop", paths: ["/srv/shop/lib"], exceptions } };
}

export const inTrace = (trace: string, document: Document): Document => ({ ...document, trace_id: trace });

/** The part that begins `from` after the start and ends `before` the end, both in milliseconds. */
export const inner = (span: Span, from: number, before: number): Span => {
  const start = Math.min(span.start + from, span.end);
  return { start, end: Math.max(start, span.end - before) };
};
