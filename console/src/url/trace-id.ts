/** Trace ids in every form people paste (spec trace-header.md, console.md 2 "Go to"). */

const XRAY = /1-[0-9a-f]{8}-[0-9a-f]{24}/i;
const W3C = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/i;

/** The id in X-Ray's form, if the whole text is one in either form. */
export function readTraceId(text: string): string | undefined {
  const trimmed = text.trim();
  const found = findTraceId(trimmed);
  const isWhole = XRAY.exec(trimmed)?.[0] === trimmed || /^[0-9a-f]{32}$/i.test(trimmed);
  return isWhole ? found : undefined;
}

/** The first id in a header, a `traceparent`, or a line of a log. */
export function findTraceId(text: string): string | undefined {
  const xray = XRAY.exec(text)?.[0];
  if (xray) return xray.toLowerCase();
  const w3c = W3C.exec(text)?.[0]?.toLowerCase();
  if (!w3c || /^0+$/.test(w3c)) return undefined;
  return `1-${w3c.slice(0, 8)}-${w3c.slice(8)}`;
}

/** 32 hexadecimal digits, as OpenTelemetry writes ids. */
export const toW3c = (id: string): string => id.slice(2).replace("-", "");
