/** The columns of `/api/v1/traces/<id>` (docs/console-api.md), checked apart from the network: a worker does it. */
import { array, boolean, number, type Reader, shape, string, UnexpectedShape, withDefault } from "./check";

// Columns are checked in one go: a path for each of a million values would take longer than reading them.
const numbers: Reader<number[]> = (value, at) => {
  if (!Array.isArray(value)) throw new UnexpectedShape(at, "a list", value);
  for (const item of value) if (typeof item !== "number") throw new UnexpectedShape(at, "numbers", item);
  return value;
};

const texts: Reader<string[]> = (value, at) => {
  if (!Array.isArray(value)) throw new UnexpectedShape(at, "a list", value);
  for (const item of value) if (typeof item !== "string") throw new UnexpectedShape(at, "texts", item);
  return value;
};

/** Columns hold indexes into `strings` where they mean text; every column has `count` values. `id` is a column too. */
export const compactTrace = shape({
  startUnixNanos: string,
  revision: withDefault(number, 0),
  limitExceeded: withDefault(boolean, false),
  strings: texts,
  count: number,
  id: texts,
  parent: numbers,
  missingParent: withDefault(numbers, []),
  kind: numbers,
  name: numbers,
  service: numbers,
  origin: withDefault(numbers, []),
  namespace: withDefault(numbers, []),
  start: numbers,
  duration: numbers,
  flags: numbers,
  method: withDefault(numbers, []),
  operation: withDefault(numbers, []),
  url: withDefault(numbers, []),
  status: withDefault(numbers, []),
  exceptions: withDefault(array(shape({ row: number, type: string, message: string })), []),
});
