import { act, cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import { addressesOf } from "../../api/addresses";
import { invalidate } from "../../api/query";
import type { ServerInfo } from "../../api/server";
import GettingStarted from "./getting-started";
import { sampleDocument } from "./sample";
import { WAYS } from "./ways";

const server: ServerInfo = {
  version: "0.1.0",
  accountId: "000000000000",
  region: "eu-west-1",
  nowUnixNanos: "1795628482255184316",
  addresses: {
    http: "0.0.0.0:2001",
    daemonUdp: "[::]:2100",
    daemonTcp: "[::]:2100",
    otlpGrpc: undefined,
    otlpHttp: "10.0.0.7:4318",
  },
  storage: {
    hasTraces: false,
    newestTraceUnixNanos: undefined,
    oldestTraceUnixNanos: undefined,
    bytes: 0,
    liveTraces: 0,
    blocks: 0,
    retentionDays: 30,
  },
  features: { otlp: true, encryptionKeys: false, demo: false, strictLimits: false },
};

afterEach(() => {
  // Before the data is forgotten: what is shown would be loaded anew.
  act(cleanup);
  vi.unstubAllGlobals();
  invalidate("");
});

test("a server that listens everywhere is called by the page's own host", () => {
  expect(addressesOf(server, "http://traces.test/x/")).toEqual({
    endpoint: "http://traces.test:2001",
    daemon: "traces.test:2100",
    otlpGrpc: undefined,
    otlpHttp: "http://10.0.0.7:4318",
    region: "eu-west-1",
    isLoopback: false,
  });
  const foreign = addressesOf(undefined, "http://traces.test/x/");
  expect(foreign.endpoint).toBe("http://traces.test/x");
  expect(foreign.daemon).toBe("127.0.0.1:2000");
});

test("each way names this server's address, and OTLP only where there is one", () => {
  const at = addressesOf(server, "http://traces.test/");
  for (const way of WAYS) {
    const text = way
      .steps(at)
      .map(step => `${step.text} ${step.code ?? ""}`)
      .join(" ");
    expect(text, way.id).toMatch(/traces\.test:2001|traces\.test:2100|10\.0\.0\.7:4318/);
    expect(text, way.id).not.toMatch(/undefined|127\.0\.0\.1/);
  }
  const without = addressesOf(undefined, "http://traces.test/");
  const steps = WAYS.find(way => way.id === "opentelemetry")?.steps(without) ?? [];
  expect(steps[0]?.text).toMatch(/not switched on/);
  expect(steps.some(step => step.code?.includes("OTEL_"))).toBe(false);
});

test("the sample is a whole trace with times inside one another", () => {
  const { id, document } = sampleDocument(1_795_628_482.25, digits =>
    "0123456789abcdef".repeat(2).slice(0, digits),
  );
  expect(id).toMatch(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  expect(Number.parseInt(id.slice(2, 10), 16)).toBe(1_795_628_481);
  for (const part of document.subsegments) {
    expect(part.start_time).toBeGreaterThanOrEqual(document.start_time);
    expect(part.end_time).toBeLessThanOrEqual(document.end_time);
  }
});

test("a foreign server gets the sample as a document, and the page shows the trace", async () => {
  const sent: string[] = [];
  const fetched = vi.fn(async (url: URL, init: RequestInit) => {
    const path = url.pathname.slice(1);
    if (path.startsWith("api/")) return new Response("{}", { status: 404 });
    if (path === "TraceSegments") sent.push(String(init.body));
    return new Response("{}");
  });
  vi.stubGlobal("fetch", fetched);
  render(<GettingStarted />);
  fireEvent.click(await screen.findByRole("button", { name: "Send a sample trace" }));
  await vi.waitFor(() => expect(location.hash).toMatch(/^#\/traces\/1-/));
  const [document] = JSON.parse(sent[0] ?? "{}").TraceSegmentDocuments;
  expect(JSON.parse(document).trace_id).toBe(location.hash.slice("#/traces/".length));
});

test("what the server does not take is said", async () => {
  vi.stubGlobal("fetch", async (url: URL) => {
    if (url.pathname.startsWith("/api/")) return new Response("{}", { status: 404 });
    return new Response(
      url.pathname === "/TraceSegments"
        ? JSON.stringify({ UnprocessedTraceSegments: [{ ErrorCode: "Full", Message: "no room" }] })
        : "{}",
    );
  });
  render(<GettingStarted />);
  fireEvent.click(await screen.findByRole("button", { name: "Send a sample trace" }));
  expect((await screen.findByRole("alert")).textContent).toBe("no room");
});
