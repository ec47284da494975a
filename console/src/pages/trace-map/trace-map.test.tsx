import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { invalidate } from "../../api/query";
import { listenForKeys, scopes } from "../../shell/keys";
import { address } from "../../shell/navigation";
import TraceMap from "./trace-map";

const statistics = (ok: number, fault = 0) => ({
  OkCount: ok,
  ErrorStatistics: { ThrottleCount: 0, OtherCount: 0, TotalCount: 0 },
  FaultStatistics: { OtherCount: fault, TotalCount: fault },
  TotalCount: ok + fault,
  TotalResponseTime: (ok + fault) * 0.1,
});
const times = [
  { Value: 0.1, Count: 90 },
  { Value: 2, Count: 10 },
];
const shop = [
  {
    ReferenceId: 0,
    Name: "web",
    Root: true,
    Type: "AWS::ECS",
    State: "active",
    SummaryStatistics: statistics(100),
    ResponseTimeHistogram: times,
    Edges: [{ ReferenceId: 1, SummaryStatistics: statistics(80, 20), ResponseTimeHistogram: times }],
  },
  {
    ReferenceId: 1,
    Name: "pay",
    State: "active",
    SummaryStatistics: statistics(80, 20),
    ResponseTimeHistogram: times,
    Edges: [],
  },
];
const storage = { hasTraces: false };
const server = () => ({
  version: "0.1.0",
  nowUnixNanos: "0",
  addresses: { http: "", daemonUdp: "", daemonTcp: "" },
  storage,
  features: {},
});

listenForKeys(document);
let asked: { path: string; body: Record<string, unknown> }[] = [];

/** Answers of the server, by the last part of the path. */
function answer(answers: Record<string, (body: Record<string, unknown>) => unknown>) {
  asked = [];
  vi.stubGlobal("fetch", async (url: URL, init: RequestInit) => {
    const path = url.pathname.split("/").at(-1) ?? "";
    const body = init.body ? JSON.parse(String(init.body)) : {};
    asked.push({ path, body });
    const found = answers[path]?.(body);
    if (found === undefined) return new Response("{}", { status: 404 });
    return found instanceof Response ? found : new Response(JSON.stringify(found));
  });
}

function open(hash: string) {
  location.hash = hash;
  dispatchEvent(new HashChangeEvent("hashchange"));
  return render(<TraceMap />);
}

const graph = () => ({ Services: shop, ContainsOldGroupVersions: false });

beforeEach(() => {
  localStorage.clear();
  invalidate("");
  delete (storage as Record<string, unknown>).newestTraceUnixNanos;
  storage.hasTraces = false;
});

describe("the map", () => {
  test("is asked for the group and the range, in pieces the operation takes", async () => {
    answer({ ServiceGraph: graph });
    open("#/service-map?group=g&timeRange=2026-11-20T00:00:00~2026-11-20T13:00:00");
    await screen.findByRole("group", { name: /^Trace map: 2 nodes/ });
    expect(asked.map(({ body }) => (Number(body.EndTime) - Number(body.StartTime)) / 3600)).toEqual([
      6, 6, 1,
    ]);
    expect(asked.every(({ body }) => body.GroupName === "g")).toBe(true);
    // Three pieces add up.
    expect(screen.getByRole("button", { name: /^web, AWS::ECS, 300 requests/ })).toBeTruthy();
  });

  test("and the table say the same; v changes between them", async () => {
    answer({ ServiceGraph: graph });
    open("#/service-map");
    await screen.findByRole("button", { name: /^pay, 100 requests, 20\u00a0% faults/ });
    const keys = () => scopes.value.flatMap(({ bindings }) => bindings.map(binding => binding.keys));
    await waitFor(() => expect(keys()).toContain("v"));
    fireEvent.keyDown(document.body, { key: "v" });
    expect(address.value.params.view).toBe("table");
    const nodes = within(await screen.findByRole("region", { name: "Nodes" }));
    const rows = nodes.getAllByRole("row").map(row => row.textContent);
    expect(rows[2]).toMatch(/^pay100.*20 %0 %0 %100 ms100 ms/);
    expect(within(screen.getByRole("region", { name: "Edges" })).getAllByRole("row")[1]?.textContent).toMatch(
      /^webpaycall/,
    );
    fireEvent.click(nodes.getByRole("button", { name: /^Name/ }));
    expect(nodes.getAllByRole("row")[1]?.textContent).toMatch(/^pay/);
  });

  test("finds a node by name", async () => {
    answer({ ServiceGraph: graph });
    open("#/service-map");
    await screen.findByRole("button", { name: /^pay, / });
    fireEvent.keyDown(document.body, { key: "/" });
    const field = screen.getByRole("combobox", { name: "Find a node" });
    expect(document.activeElement).toBe(field);
    fireEvent.input(field, { target: { value: "PA" } });
    fireEvent.keyDown(field, { key: "Enter" });
    expect(address.value.params.node).toEqual({ name: "pay" });
  });
});

describe("the panel", () => {
  const viewTraces = () =>
    decodeURIComponent(
      screen.getByRole("link", { name: "View traces" }).getAttribute("href") ?? "",
    ).replaceAll("+", " ");

  test("turns classes and a range of response times into a filter", async () => {
    answer({ ServiceGraph: graph, TimeSeriesServiceStatistics: () => ({ TimeSeriesServiceStatistics: [] }) });
    open("#/service-map?edge=web|AWS::ECS>pay&rt=1~3");
    await screen.findByRole("link", { name: "View traces" });
    expect(screen.getByText(/of requests, 10 of 100/).textContent).toMatch(/^10 %/);
    for (const name of [/OK/, /Error/, /Throttle/]) fireEvent.click(screen.getByRole("checkbox", { name }));
    expect(viewTraces()).toContain(
      'filter=edge(id(name: "web", type: "AWS::ECS"), id(name: "pay")) { fault AND responsetime >= 1 AND responsetime <= 3 }',
    );
    fireEvent.click(screen.getByRole("button", { name: "whole range" }));
    expect(address.value.params.rt).toBeUndefined();
    await waitFor(() => expect(viewTraces()).toContain("{ fault }"));
  });

  test("leads to neighbours, and closes", async () => {
    answer({ ServiceGraph: graph, TimeSeriesServiceStatistics: () => ({ TimeSeriesServiceStatistics: [] }) });
    open("#/service-map?node=pay");
    const callers = within(await screen.findByRole("region", { name: "Called by" }));
    fireEvent.click(callers.getByRole("button", { name: "web" }));
    expect(address.value.params.node).toEqual({ name: "web", type: "AWS::ECS" });
    fireEvent.keyDown(document.body, { key: "Escape" });
    await waitFor(() => expect(address.value.params.node).toBeUndefined());
  });
});

describe("states", () => {
  const nothing = () => ({ Services: [] });

  test("no trace at all: the way to the first one; then where the newest is", async () => {
    answer({ ServiceGraph: nothing, server });
    open("#/service-map?timeRange=PT5M");
    expect(await screen.findByText("No trace has arrived yet")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Getting started" }).getAttribute("href")).toContain(
      "getting-started",
    );
    // Traces of another time have come.
    storage.hasTraces = true;
    Object.assign(storage, { newestTraceUnixNanos: "1795600000000000000" });
    invalidate("server");
    fireEvent.click(await screen.findByRole("button", { name: "Go there" }));
    expect(address.value.params.timeRange).toMatchObject({ kind: "absolute" });
  });

  test("a failure in words, with a way to try again", async () => {
    let isBroken = true;
    const refusal = () =>
      new Response(JSON.stringify({ __type: "ThrottledException", message: "too many requests" }), {
        status: 429,
      });
    answer({ ServiceGraph: () => (isBroken ? refusal() : graph()) });
    open("#/service-map?timeRange=PT7M");
    expect(await screen.findByText("too many requests")).toBeTruthy();
    isBroken = false;
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("button", { name: /^pay, / })).toBeTruthy();
  });

  test("more nodes than can be drawn are named, not drawn", async () => {
    const many = Array.from({ length: 10_001 }, (_, ReferenceId) => ({
      ReferenceId,
      Name: `n${ReferenceId}`,
    }));
    answer({ ServiceGraph: () => ({ Services: many }) });
    open("#/service-map?timeRange=PT8M");
    expect(await screen.findByText("10,001 nodes are too many for a map")).toBeTruthy();
  });

  test("over a thousand nodes are drawn by type", async () => {
    const many = Array.from({ length: 1_100 }, (_, ReferenceId) => ({
      ReferenceId,
      Name: `n${ReferenceId}`,
      Type: ReferenceId % 2 ? "AWS::ECS" : "AWS::Lambda",
    }));
    answer({ ServiceGraph: () => ({ Services: many }) });
    open("#/service-map?timeRange=PT9M");
    expect(await screen.findByRole("group", { name: "Trace map: 2 nodes, 0 edges" })).toBeTruthy();
  });
});
