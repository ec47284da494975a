import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { invalidate } from "../../api/query";
import { NO_SEARCH } from "../../model/search/state";
import { address, go } from "../../shell/navigation";
import { refreshed } from "../../shell/time";
import { runner } from "./runner";
import { activeId, selected } from "./selection";
import Traces from "./traces";

const NOW = Date.now();
const summary = (at: number, more: object = {}) => ({
  Id: `1-5f8a2b1c-${String(at).padStart(24, "0")}`,
  StartTime: NOW / 1000 - at,
  Duration: 0.2,
  ResponseTime: 0.2,
  Http: { HttpURL: `http://shop.example/items/${at}`, HttpMethod: "GET", HttpStatus: 200 },
  EntryPoint: { Name: "web" },
  Annotations: { tier: [{ AnnotationValue: { StringValue: "gold" } }] },
  ...more,
});
const progress = (share: number) => ({
  matched: 2,
  scanned: 3_100_000,
  rangeDoneTo: `${Math.round(NOW - share * 900_000)}000000`,
  rangeTotal: "900000000000",
  bytesScanned: 1,
  elapsedMs: 1800,
  approximate: false,
});
const values = [
  { value: "GET", filter: 'http.method = "GET"', count: 2, fault: 1, error: 0, throttle: 0 },
  { value: "POST", filter: 'http.method = "POST"', count: 1, fault: 0, error: 0, throttle: 0 },
];
const aggregates = {
  timeline: {
    startUnixNanos: `${NOW - 900_000}000000`,
    bucketNanos: "900000000000",
    ok: [1],
    error: [0],
    fault: [1],
    throttle: [0],
    p50: [0.1],
    p90: [0.2],
    p99: [null],
  },
  responseTime: {
    buckets: [{ from: 0.1, to: 0.5, count: 2 }],
    p50: 0.2,
    p90: 0.2,
    p99: 0.2,
    min: 0.2,
    max: 0.2,
    count: 2,
  },
  facets: [{ key: "method", distinct: 2, capped: false, values }],
};
const done = { matched: 2, scanned: 3_100_000, elapsedMs: 1900, complete: true, next: null, limit: null };

/** What the server sends for each search; a function may leave the stream open. */
type Sent = [name: string, data: unknown][];
let searches: { body: Record<string, unknown>; signal: AbortSignal }[] = [];

function serve(
  answer: (body: Record<string, unknown>) => Sent | { sent: Sent; ending: "open" | "break" } | Response,
) {
  vi.stubGlobal("fetch", async (url: URL, init: RequestInit) => {
    const path = String(url).replace(/^.*?\/(?=api\/|[A-Z])/, "");
    const body = init.body ? JSON.parse(String(init.body)) : {};
    if (path.endsWith("v1/server")) return json(server);
    if (!path.endsWith("v1/search")) return new Response("{}", { status: 404 });
    const signal = init.signal as AbortSignal;
    searches.push({ body, signal });
    const found = answer(body);
    if (found instanceof Response) return found;
    const { sent, ending } = Array.isArray(found) ? { sent: found, ending: "end" } : found;
    return new Response(stream(sent, ending, signal), { status: 200 });
  });
}

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });

function stream(sent: Sent, ending: string, signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const [name, data] of sent) {
        controller.enqueue(new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
      }
      if (ending === "end") controller.close();
      // Later: what was sent is read first.
      if (ending === "break") setTimeout(() => controller.error(new TypeError("network")), 50);
      signal.addEventListener("abort", () => controller.error(new DOMException("", "AbortError")));
    },
  });
}

const addresses = { http: "h", daemonUdp: "u", daemonTcp: "t" };
let server: object;
const rows: Sent[number] = [
  "rows",
  { replace: false, summaries: [summary(1), summary(2, { HasFault: true })] },
];

beforeEach(() => {
  searches = [];
  server = { version: "0", nowUnixNanos: "0", addresses, storage: { hasTraces: true }, features: {} };
  go({
    route: { page: "traces" },
    params: {
      filter: undefined,
      sort: undefined,
      cols: undefined,
      timeRange: { kind: "relative", millis: 900_000 },
    },
  });
  invalidate("server");
  runner.leave();
  runner.state.value = NO_SEARCH;
  refreshed.value += 1;
  selected.value = { ids: new Set(), last: undefined };
  activeId.value = undefined;
});
afterEach(() => vi.unstubAllGlobals());

const grid = () => screen.findByRole("grid", { name: "Traces" });
const bodyRows = async () =>
  within(await grid())
    .getAllByRole("row")
    .slice(1);

test("rows appear while the search runs, with its progress in words", async () => {
  serve(() => ({ sent: [rows, ["aggregates", aggregates], ["progress", progress(0.425)]], ending: "open" }));
  render(<Traces />);
  const [first, second] = await bodyRows();
  expect(first?.textContent).toContain("shop.example/items/1");
  expect(second?.textContent).toContain("Fault");
  expect(await screen.findAllByText(/2 matched · 3.1 M scanned · 42 % of range · 1.8 s/)).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Stop" }));
  await screen.findByText(/^Stopped at/);
  expect(searches[0]?.signal.aborted).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Continue" }));
  expect(searches[1]?.body.endUnixNanos).toBe(progress(0.425).rangeDoneTo);
  expect(await bodyRows()).toHaveLength(2);
});

test("the totals say what they cover", async () => {
  serve(() => [rows, ["aggregates", aggregates], ["done", done]]);
  render(<Traces />);
  expect((await screen.findAllByText(/2 traces in 15 min, all scanned/)).length).toBeGreaterThan(0);
});

test("a connection lost on the way keeps the rows and offers to go on", async () => {
  serve(() => ({ sent: [rows, ["progress", progress(0.425)]], ending: "break" }));
  render(<Traces />);
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("The connection was lost; what had come stays");
  expect(await bodyRows()).toHaveLength(2);
  expect(screen.getByRole("button", { name: "Continue" })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Start again" })).toBeTruthy();
});

test("a filter that the server refuses is underlined, and the old results stay", async () => {
  serve(body =>
    body.filter
      ? json(
          {
            __type: "InvalidRequestException",
            message: "Invalid filter expression: unknown group `x` at position 13",
            position: 13,
            length: 3,
          },
          400,
        )
      : [rows, ["done", done]],
  );
  render(<Traces />);
  await grid();
  go({ params: { filter: 'group.name = "x"' } });
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("unknown group x");
  expect(alert.textContent).not.toContain("position");
  expect(await bodyRows()).toHaveLength(2);
});

test("ticking values narrows, several are alternatives", async () => {
  serve(() => [rows, ["aggregates", aggregates], ["done", done]]);
  render(<Traces />);
  const list = await screen.findByRole("list", { name: "Method" });
  fireEvent.click(within(list).getByRole("checkbox", { name: /GET/ }));
  expect(address.value.params.filter).toBe('http.method = "GET"');
  await waitFor(() => expect(searches.at(-1)?.body.filter).toBe('http.method = "GET"'));
  fireEvent.click(
    within(screen.getByRole("list", { name: "Method" })).getByRole("checkbox", { name: /POST/ }),
  );
  expect(address.value.params.filter).toBe('http.method = "GET" OR http.method = "POST"');
  fireEvent.click(screen.getByRole("button", { name: "Exclude POST" }));
  expect(address.value.params.filter).toBe('http.method = "GET" AND !http.method = "POST"');
});

test("sorting is the server's, and in the address", async () => {
  serve(() => [rows, ["done", done]]);
  render(<Traces />);
  await grid();
  fireEvent.click(within(await grid()).getByRole("button", { name: /^Response time/ }));
  expect(address.value.params.sort).toBe("slowest");
  await waitFor(() => expect(searches.at(-1)?.body.sort).toBe("slowest"));
  const title = screen.getByRole("columnheader", { name: /Response time/ });
  expect(title.getAttribute("aria-sort")).toBe("descending");
});

test("columns are chosen, annotations too, and in the address", async () => {
  serve(() => [
    rows,
    ["aggregates", { ...aggregates, facets: [{ ...aggregates.facets[0], key: "annotation.tier" }] }],
    ["done", done],
  ]);
  render(<Traces />);
  await grid();
  await screen.findByText("tier");
  fireEvent.click(screen.getByRole("button", { name: "Columns" }));
  fireEvent.click(screen.getByRole("checkbox", { name: "tier" }));
  expect(address.value.params.cols).toContain("annotation.tier");
  await waitFor(async () => expect((await bodyRows())[0]?.textContent).toContain("gold"));
});

test("no data at all: the way to get some", async () => {
  server = { version: "0", nowUnixNanos: "0", addresses, storage: { hasTraces: false }, features: {} };
  serve(() => [["done", { ...done, matched: 0 }]]);
  render(<Traces />);
  await screen.findByText("No traces yet");
  expect(screen.getByRole("button", { name: "Send a sample trace" })).toBeTruthy();
});

test("data elsewhere: the newest matching trace is found by one search that ends with it", async () => {
  server = {
    version: "0",
    nowUnixNanos: "0",
    addresses,
    storage: { hasTraces: true, oldestTraceUnixNanos: `${NOW - 9e7}000000` },
    features: {},
  };
  go({ params: { filter: "fault" } });
  serve(body =>
    body.rows === 1
      ? { sent: [["rows", { replace: false, summaries: [summary(10_900)] }]], ending: "open" }
      : [["done", { ...done, matched: 0 }]],
  );
  render(<Traces />);
  await screen.findByText(/Newest matching trace 3 h ago/);
  fireEvent.click(screen.getByRole("button", { name: "Go there" }));
  const range = address.value.params.timeRange;
  expect(range.kind === "absolute" && range.start < NOW - 10_900_000 && range.end > NOW - 10_900_000).toBe(
    true,
  );
});

test("too narrow: the parts can be taken away", async () => {
  server = {
    version: "0",
    nowUnixNanos: "0",
    addresses,
    storage: { hasTraces: true, oldestTraceUnixNanos: `${NOW - 9e7}000000` },
    features: {},
  };
  go({ params: { filter: 'fault AND user = "x"' } });
  serve(() => [["done", { ...done, matched: 0 }]]);
  render(<Traces />);
  await screen.findByText("No trace matches all of this");
  fireEvent.click(screen.getByRole("button", { name: 'without user = "x"' }));
  expect(address.value.params.filter).toBe("fault");
});
