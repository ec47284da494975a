import { expect, test, vi } from "vitest";
import type { SearchRequest, search } from "../../api/search";
import type { TraceRow } from "../../model/search/row";
import type { SearchEvent } from "../../model/search/state";
import { type Question, SearchRunner } from "./runner";

const question: Question = { start: 0, end: 1000, filter: "", group: undefined, sort: "newest" };
const rows = (...ids: string[]): SearchEvent => ({
  kind: "rows",
  isReplacing: false,
  rows: ids.map(id => ({ id, start: 0, annotations: new Map() }) as unknown as TraceRow),
});
const progress: SearchEvent = {
  kind: "progress",
  progress: { matched: 1, scanned: 9, doneTo: 400, share: 0.6, elapsedMillis: 1 },
};
const done: SearchEvent = {
  kind: "done",
  matched: 1,
  scanned: 9,
  elapsedMillis: 1,
  next: "cursor",
  limit: undefined,
};

/** A server whose streams are written by hand. */
function server() {
  const asked: {
    request: SearchRequest;
    signal: AbortSignal;
    send: (...events: (SearchEvent | Error)[]) => void;
  }[] = [];
  const answer = async function* (request: SearchRequest, { signal }: { signal: AbortSignal }) {
    const queue: (SearchEvent | Error)[] = [];
    let wake = () => {};
    const send = (...events: (SearchEvent | Error)[]) => {
      queue.push(...events);
      wake();
    };
    asked.push({ request, signal, send });
    for (;;) {
      const next = queue.shift();
      if (next instanceof Error) throw next;
      if (next) yield next;
      if (next?.kind === "done") return;
      if (!next) {
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
        });
      }
    }
  } as unknown as typeof search;
  return { asked, runner: new SearchRunner(answer) };
}
const ids = (runner: SearchRunner) => runner.state.value.rows.map(row => row.id);

test("a new question ends the stream of the one before", async () => {
  const { asked, runner } = server();
  runner.ask("a", question);
  runner.ask("b", { ...question, filter: "fault" });
  expect(asked[0]?.signal.aborted).toBe(true);
  asked[0]?.send(rows("old"));
  asked[1]?.send(rows("new"), done);
  await vi.waitFor(() => expect(runner.state.value.phase).toBe("done"));
  expect(ids(runner)).toEqual(["new"]);
  runner.ask("b", question);
  expect(asked).toHaveLength(2);
});

test("a stream that breaks keeps its rows, and goes on below what was scanned", async () => {
  const { asked, runner } = server();
  runner.ask("a", question);
  asked[0]?.send(rows("x"), progress, new Error("the connection was lost"));
  await vi.waitFor(() => expect(runner.state.value.phase).toBe("failed"));
  expect(ids(runner)).toEqual(["x"]);
  runner.resume();
  expect(asked[1]?.request).toMatchObject({ start: 0, end: 400 });
  asked[1]?.send(rows("y"), done);
  await vi.waitFor(() => expect(runner.state.value.phase).toBe("done"));
  expect(ids(runner)).toEqual(["x", "y"]);
});

test("stop closes the stream; more rows come by the cursor, once", async () => {
  const { asked, runner } = server();
  runner.ask("a", question);
  runner.stop();
  expect(asked[0]?.signal.aborted).toBe(true);
  expect(runner.state.value.phase).toBe("stopped");
  runner.retry();
  asked[1]?.send(rows("x"), done);
  await vi.waitFor(() => expect(runner.state.value.phase).toBe("done"));
  runner.more();
  runner.more();
  expect(asked).toHaveLength(3);
  expect(asked[2]?.request).toMatchObject({ after: "cursor", aggregates: false });
});

test("leaving in the midst asks again on return, a whole answer is kept", async () => {
  const { asked, runner } = server();
  runner.ask("a", question);
  runner.leave();
  runner.ask("a", question);
  expect(asked).toHaveLength(2);
  asked[1]?.send(done);
  await vi.waitFor(() => expect(runner.state.value.phase).toBe("done"));
  runner.leave();
  runner.ask("a", question);
  expect(asked).toHaveLength(2);
});
