import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "./client";
import { FRESH_MILLIS, invalidate, listen, RETRY_MILLIS, refreshShown, retryFailed } from "./query";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  invalidate("");
});

/** A fetcher whose answers are given from outside. */
function source() {
  const asked: { signal: AbortSignal; resolve: (value: string) => void; reject: (cause: unknown) => void }[] =
    [];
  const fetcher = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      asked.push({ signal, resolve, reject });
    });
  const settle = async () => {
    await vi.advanceTimersByTimeAsync(0);
  };
  return { asked, fetcher, settle };
}

test("two who ask for the same share one request and its answer", async () => {
  const { asked, fetcher, settle } = source();
  const [one, two] = [listen("shared", fetcher), listen("shared", fetcher)];
  expect(asked).toHaveLength(1);
  expect(one.state.value.isLoading).toBe(true);
  asked[0]?.resolve("a");
  await settle();
  expect(two.state.value).toMatchObject({ value: "a", isLoading: false, error: undefined });
  one.release();
  two.release();
});

test("an answer is current for a while, then asked for anew while the old one stays", async () => {
  const { asked, fetcher, settle } = source();
  const first = listen("fresh", fetcher);
  asked[0]?.resolve("a");
  await settle();
  first.release();
  vi.advanceTimersByTime(FRESH_MILLIS - 1);
  listen("fresh", fetcher).release();
  expect(asked).toHaveLength(1);
  vi.advanceTimersByTime(1);
  const again = listen("fresh", fetcher);
  expect(asked).toHaveLength(2);
  expect(again.state.value).toMatchObject({ value: "a", isLoading: true });
  again.release();
});

test("the request ends with its last listener", async () => {
  const { asked, fetcher, settle } = source();
  const [one, two] = [listen("ended", fetcher), listen("ended", fetcher)];
  one.release();
  expect(asked[0]?.signal.aborted).toBe(false);
  two.release();
  expect(asked[0]?.signal.aborted).toBe(true);
  await settle();
  expect(one.state.value).toMatchObject({ isLoading: false, error: undefined });
});

test("a listener that comes back at once is answered, though the request before was given up", async () => {
  const { asked, fetcher, settle } = source();
  listen("back", fetcher).release();
  const again = listen("back", fetcher);
  await settle();
  asked.at(-1)?.resolve("b");
  await settle();
  expect(again.state.value).toMatchObject({ value: "b", isLoading: false });
  again.release();
});

test("a failure keeps the old value; the next success clears it", async () => {
  const { asked, fetcher, settle } = source();
  const query = listen("failing", fetcher);
  asked[0]?.resolve("a");
  await settle();
  query.refresh();
  asked[1]?.reject(new Error("no"));
  await settle();
  expect(query.state.value).toMatchObject({ value: "a", isLoading: false });
  expect(query.state.value.error?.message).toBe("no");
  query.refresh();
  asked[2]?.resolve("c");
  await settle();
  expect(query.state.value).toMatchObject({ value: "c", error: undefined });
  query.release();
});

test("of two requests under way only the later one counts", async () => {
  const { asked, fetcher, settle } = source();
  const query = listen("superseded", fetcher);
  query.refresh();
  expect(asked[0]?.signal.aborted).toBe(true);
  asked[1]?.resolve("later");
  await settle();
  asked[0]?.resolve("earlier");
  await settle();
  expect(query.state.value.value).toBe("later");
  query.release();
});

test("invalidating loads what is shown and forgets the rest", async () => {
  const { asked, fetcher, settle } = source();
  const shown = listen("groups all", fetcher);
  const other = listen("rules", fetcher);
  listen("groups one", fetcher).release();
  for (const request of asked) request.resolve("a");
  await settle();
  invalidate("groups");
  expect(asked).toHaveLength(4);
  listen("groups one", fetcher).release();
  expect(asked).toHaveLength(5);
  refreshShown();
  expect(asked).toHaveLength(7);
  shown.release();
  other.release();
});

test("answers that nobody shows are forgotten, the oldest first", async () => {
  const { asked, fetcher, settle } = source();
  for (let number = 0; number < 60; number += 1) {
    const query = listen(`kept ${number}`, fetcher);
    asked.at(-1)?.resolve("a");
    await settle();
    query.release();
  }
  const before = asked.length;
  listen("kept 59", fetcher).release();
  expect(asked).toHaveLength(before);
  listen("kept 0", fetcher).release();
  expect(asked).toHaveLength(before + 1);
});

const refusal = (status: number) => new ApiError({ code: "X", status, message: "no" });

test("what may pass is tried again, with longer and longer waits, as long as somebody looks", async () => {
  const { asked, fetcher, settle } = source();
  const query = listen("busy", fetcher);
  for (const [tries, wait] of RETRY_MILLIS.entries()) {
    expect(asked).toHaveLength(tries + 1);
    asked.at(-1)?.reject(refusal(503));
    await settle();
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(asked).toHaveLength(tries + 1);
    await vi.advanceTimersByTimeAsync(1);
  }
  asked.at(-1)?.reject(refusal(429));
  await settle();
  query.release();
  const tries = asked.length;
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(asked).toHaveLength(tries);
});

test("what will not pass is not tried again; a lost connection when it is back", async () => {
  const { asked, fetcher, settle } = source();
  const [bad, lost, good] = ["bad", "lost", "good"].map(key => listen(key, fetcher));
  asked[0]?.reject(refusal(400));
  asked[1]?.reject(new ApiError({ code: "Offline", status: 0, message: "no" }));
  asked[2]?.resolve("a");
  await settle();
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(asked).toHaveLength(3);
  retryFailed();
  expect(asked).toHaveLength(5);
  for (const query of [bad, lost, good]) query?.release();
});
