/** The only code of the console that calls the network; one module per operation stands on it. */
import { type Reader, unknown } from "./check";
import { noteAnswer, noteSilence } from "./connection";

/** What the server, or the way to it, answered instead of a result. */
export class ApiError extends Error {
  /** X-Ray's error code, `Offline`, or `UnexpectedAnswer`. */
  readonly code: string;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly requestId: string | undefined;
  /** Of a filter expression: where the error starts, in characters, and how long it is. */
  readonly position: number | undefined;
  readonly length: number | undefined;
  readonly suggestion: string | undefined;

  constructor(parts: {
    code: string;
    status: number;
    message: string;
    requestId?: string | undefined;
    position?: number | undefined;
    length?: number | undefined;
    suggestion?: string | undefined;
  }) {
    super(parts.message);
    this.name = "ApiError";
    this.code = parts.code;
    this.status = parts.status;
    this.requestId = parts.requestId;
    this.position = parts.position;
    this.length = parts.length;
    this.suggestion = parts.suggestion;
  }

  /** Trying again later may help. */
  get isRetryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get isOffline(): boolean {
    return this.code === "Offline";
  }
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Where the API is: the server says so in the page, since it may stand below a proxy's path. */
const base = (): string => {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="roentgen-api"]');
  return new URL(meta?.content || "../", document.baseURI).href;
};

/** `POST` with a JSON body: X-Ray's operations (`TraceSummaries`) and the console's own (`api/v1/…`). */
export async function post<T>(
  path: string,
  body: object,
  reader: Reader<T>,
  options: CallOptions = {},
): Promise<T> {
  const answer = await send(path, {
    method: "POST",
    body: JSON.stringify(body),
    signal: options.signal ?? null,
  });
  return reader(await json(answer), "");
}

export async function get<T>(path: string, reader: Reader<T>, options: CallOptions = {}): Promise<T> {
  const answer = await send(path, { method: "GET", signal: options.signal ?? null });
  return reader(await json(answer), "");
}

/** Looks for a sign of life; any answer is one. */
export const probe = (): Promise<boolean> =>
  get("api/v1/server", unknown).then(
    () => true,
    cause => !(cause instanceof ApiError && cause.isOffline),
  );

/** The body as it came: for what is read elsewhere than in the page's own thread. */
export async function getBytes(path: string, options: CallOptions = {}): Promise<ArrayBuffer> {
  const answer = await send(path, { method: "GET", signal: options.signal ?? null });
  try {
    return await answer.arrayBuffer();
  } catch (cause) {
    throw offline(cause);
  }
}

/** The address of a download. */
export const downloadUrl = (path: string): string => new URL(path, base()).href;

export interface ServerEvent {
  name: string;
  data: unknown;
}

/** A stream of server-sent events as an answer to `POST`; leaving the loop, or aborting, closes it. */
export async function* postStream(
  path: string,
  body: object,
  options: CallOptions = {},
): AsyncGenerator<ServerEvent> {
  const answer = await send(path, {
    method: "POST",
    body: JSON.stringify(body),
    signal: options.signal ?? null,
  });
  if (!answer.body) throw unexpected(answer.status, "an answer without a body");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(cause => {
        throw offline(cause);
      });
      if (done) return;
      buffer += value;
      let end = buffer.indexOf("\n\n");
      while (end >= 0) {
        const event = parseEvent(buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        if (event) yield event;
        end = buffer.indexOf("\n\n");
      }
    }
  } finally {
    // Closing tells the server to stop its work; there is nobody left to tell if that fails.
    reader.cancel().catch(() => undefined);
  }
}

/** One event of the text form; undefined for a comment (the server's sign of life). */
export function parseEvent(text: string): ServerEvent | undefined {
  let name = "message";
  const data: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).trim());
  }
  return data.length === 0 ? undefined : { name, data: JSON.parse(data.join("\n")) };
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    const headers = init.body ? { "Content-Type": "application/json" } : {};
    answer = await fetch(new URL(path, base()), { ...init, headers });
  } catch (cause) {
    throw offline(cause);
  }
  noteAnswer();
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function json(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw unexpected(answer.status, "an answer that is not JSON");
  }
}

async function refusal(answer: Response): Promise<ApiError> {
  const requestId = answer.headers.get("x-amzn-RequestId") ?? undefined;
  const status = answer.status;
  let body: Record<string, unknown> = {};
  try {
    body = Object(await answer.json());
  } catch {
    // A proxy's page, or nothing: the status has to do.
  }
  const text = (key: string) => (typeof body[key] === "string" ? (body[key] as string) : undefined);
  const count = (key: string) => (typeof body[key] === "number" ? (body[key] as number) : undefined);
  return new ApiError({
    code: text("__type")?.split("#").pop() ?? answer.headers.get("x-amzn-ErrorType") ?? "UnexpectedAnswer",
    status,
    message: text("message") ?? text("Message") ?? `the server answered with status ${status}`,
    requestId,
    position: count("position"),
    length: count("length"),
    suggestion: text("suggestion"),
  });
}

/** A request that was given up on purpose. */
export const isAbort = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "name" in cause && cause.name === "AbortError";

function offline(cause: unknown): unknown {
  if (isAbort(cause)) return cause;
  noteSilence();
  return new ApiError({ code: "Offline", status: 0, message: "the server does not answer" });
}

const unexpected = (status: number, what: string): ApiError =>
  new ApiError({ code: "UnexpectedAnswer", status, message: `the server sent ${what}` });
