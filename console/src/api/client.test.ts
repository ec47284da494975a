import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { number, shape } from "./check";
import { ApiError, get, isAbort, parseEvent, post, postStream, probe, type ServerEvent } from "./client";
import { lostAt } from "./connection";

const anything = shape({ n: number });
const answers = (respond: (url: URL, init: RequestInit) => Response | Promise<Response>) =>
  vi.stubGlobal("fetch", vi.fn(respond));

beforeEach(() => {
  lostAt.value = undefined;
});
afterEach(() => vi.unstubAllGlobals());

/** A body that arrives in these pieces, each as bytes. */
function pieces(parts: (Uint8Array | string)[], onCancel: () => unknown = () => undefined): ReadableStream {
  const bytes = parts.map(part => (typeof part === "string" ? new TextEncoder().encode(part) : part));
  return new ReadableStream({
    pull(controller) {
      const next = bytes.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
    cancel() {
      onCancel();
    },
  });
}

async function all(stream: AsyncIterable<ServerEvent>): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const failure = async (promise: Promise<unknown>): Promise<ApiError> => {
  const cause = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(cause instanceof ApiError)) throw new Error(`not an ApiError: ${cause}`);
  return cause;
};

test("events are whole however the network cuts them, within a character too", async () => {
  const text = 'event: rows\ndata: {"name":"Überraschung €"}\n\n: alive\n\nevent: done\ndata: {"n":1}\n\n';
  const bytes = new TextEncoder().encode(text);
  const expected = [
    { name: "rows", data: { name: "Überraschung €" } },
    { name: "done", data: { n: 1 } },
  ];
  for (const size of [1, 2, 3, 7, 1_000]) {
    const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.slice(at * size, (at + 1) * size),
    );
    answers(() => new Response(pieces(parts)));
    expect(await all(postStream("api/v1/search", {}))).toEqual(expected);
  }
});

test("an event that is cut off at the end is not delivered", async () => {
  answers(() => new Response(pieces(['event: rows\ndata: {"n":1}\n\nevent: do'])));
  expect(await all(postStream("api/v1/search", {}))).toEqual([{ name: "rows", data: { n: 1 } }]);
});

test("leaving the loop closes the stream", async () => {
  const cancelled = vi.fn();
  answers(() => new Response(pieces(['data: {"n":1}\n\n', 'data: {"n":2}\n\n', "data: "], cancelled)));
  for await (const event of postStream("api/v1/search", {})) {
    expect(event).toEqual({ name: "message", data: { n: 1 } });
    break;
  }
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalled());
});

test("a connection that breaks within a stream is told as such", async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('data: {"n":1}\n\n'));
    },
    pull(controller) {
      controller.error(new TypeError("network error"));
    },
  });
  answers(() => new Response(body));
  const error = await failure(all(postStream("api/v1/search", {})));
  expect(error.isOffline).toBe(true);
  expect(lostAt.value).toBeDefined();
});

test("an abort stays an abort and is no lost connection", async () => {
  answers((_, init) => {
    return new Promise((_resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
  });
  const abort = new AbortController();
  const asked = post("Groups", {}, anything, { signal: abort.signal });
  abort.abort();
  await expect(asked).rejects.toSatisfy(isAbort);
  expect(lostAt.value).toBeUndefined();
});

test("a refusal carries the code, the words and the place in the filter", async () => {
  const body = {
    __type: "com.amazonaws.xray#InvalidRequestException",
    Message: "unexpected )",
    position: 7,
    length: 1,
    suggestion: "fault",
  };
  answers(() => new Response(JSON.stringify(body), { status: 400, headers: { "x-amzn-RequestId": "r-1" } }));
  const error = await failure(post("TraceSummaries", {}, anything));
  expect(error).toMatchObject({
    code: "InvalidRequestException",
    message: "unexpected )",
    status: 400,
    requestId: "r-1",
    position: 7,
    length: 1,
    suggestion: "fault",
    isRetryable: false,
    isOffline: false,
  });
});

test("a proxy's page and a wrong shape are answers, not lost connections", async () => {
  answers(() => new Response("<html>", { status: 502 }));
  expect(await failure(get("api/v1/server", anything))).toMatchObject({ status: 502, isRetryable: true });
  answers(() => new Response("<html>"));
  expect((await failure(get("api/v1/server", anything))).code).toBe("UnexpectedAnswer");
  answers(() => new Response('{"n":"1"}'));
  await expect(get("api/v1/server", anything)).rejects.toThrow(
    /n is a value of type string instead of a number/,
  );
  expect(lostAt.value).toBeUndefined();
});

test("silence is noted once, any answer ends it", async () => {
  answers(() => Promise.reject(new TypeError("failed to fetch")));
  expect((await failure(get("x", anything))).isOffline).toBe(true);
  const first = lostAt.value;
  expect(await probe()).toBe(false);
  expect(lostAt.value).toBe(first);
  answers(() => new Response("{}", { status: 404 }));
  expect(await probe()).toBe(true);
  expect(lostAt.value).toBeUndefined();
});

test("the parts of an event", () => {
  expect(parseEvent("event: done\ndata: [1,\ndata: 2]")).toEqual({ name: "done", data: [1, 2] });
  expect(parseEvent(": comment")).toBeUndefined();
});
