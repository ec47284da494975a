/** Run-time checks of what comes over the network: a reader returns the typed value or says what is wrong where. */

export class UnexpectedShape extends Error {
  constructor(
    readonly at: string,
    expected: string,
    found: unknown,
  ) {
    super(
      `the server's answer is not as expected: ${at || "it"} is ${describe(found)} instead of ${expected}`,
    );
    this.name = "UnexpectedShape";
  }
}

export type Reader<T> = (value: unknown, at: string) => T;
/** The type a reader makes. */
export type Read<R> = R extends Reader<infer T> ? T : never;

export const string: Reader<string> = (value, at) => {
  if (typeof value === "string") return value;
  throw new UnexpectedShape(at, "text", value);
};

export const number: Reader<number> = (value, at) => {
  if (typeof value === "number") return value;
  throw new UnexpectedShape(at, "a number", value);
};

export const boolean: Reader<boolean> = (value, at) => {
  if (typeof value === "boolean") return value;
  throw new UnexpectedShape(at, "true or false", value);
};

/** Anything: what the console only shows. */
export const unknown: Reader<unknown> = value => value;

/** Absent and null both read as undefined. */
export const optional =
  <T>(reader: Reader<T>): Reader<T | undefined> =>
  (value, at) =>
    value === undefined || value === null ? undefined : reader(value, at);

/** As `optional`, with a value for what is absent. */
export const withDefault =
  <T>(reader: Reader<T>, absent: T): Reader<T> =>
  (value, at) =>
    value === undefined || value === null ? absent : reader(value, at);

export const array =
  <T>(reader: Reader<T>): Reader<T[]> =>
  (value, at) => {
    if (!Array.isArray(value)) throw new UnexpectedShape(at, "a list", value);
    return value.map((item, index) => reader(item, `${at}[${index}]`));
  };

/** A list that may be left out. */
export const list = <T>(reader: Reader<T>): Reader<T[]> => withDefault(array(reader), []);

export const record =
  <T>(reader: Reader<T>): Reader<Map<string, T>> =>
  (value, at) => {
    const entries = Object.entries(object(value, at));
    return new Map(entries.map(([key, item]) => [key, reader(item, `${at}.${key}`)]));
  };

/** Reads the named members; others are ignored, since members may be added to an answer. */
export const shape =
  <T extends Record<string, unknown>>(readers: { [K in keyof T]: Reader<T[K]> }): Reader<T> =>
  (value, at) => {
    const found = object(value, at);
    const result: Partial<T> = {};
    for (const key in readers) result[key] = readers[key](found[key], at ? `${at}.${key}` : key);
    return result as T;
  };

const object: Reader<Record<string, unknown>> = (value, at) => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new UnexpectedShape(at, "an object", value);
};

const describe = (value: unknown): string => {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return `a value of type ${typeof value}`;
};
