import { act, cleanup, render, screen, within } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import { invalidate } from "../../api/query";
import { errorText, perMinute } from "./counts";
import Daemons from "./daemons";

afterEach(() => {
  act(cleanup);
  vi.unstubAllGlobals();
  invalidate("");
});

const answer = (status: number, body: object) =>
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body), { status }));

const nanos = (millis: number) => `${BigInt(Math.round(millis)) * 1_000_000n}`;
const counts = (segmentsReceived: number) => ({ segmentsReceived, segmentsSent: segmentsReceived });

test("each agent has its name, its losses and why its calls failed", async () => {
  answer(200, {
    daemons: [
      {
        hostname: "web\u202e-1",
        lastReportUnixNanos: nanos(Date.now() - 10 * 60_000),
        totals: {
          segmentsReceived: 1_200,
          segmentsSent: 1_100,
          segmentsSpilled: 60,
          segmentsRejected: 40,
          connectionErrors: { http5xx: 4, timeout: 7 },
        },
        records: [],
      },
    ],
  });
  render(<Daemons />);
  const row = (await screen.findByText("web⟨U+202E⟩-1")).closest("tr") as HTMLElement;
  for (const text of ["1,200", "1,100", "60", "40", "8.3 %", "11", "7 timed out, 4 5xx"]) {
    expect(within(row).getByText(text)).toBeDefined();
  }
  expect(within(row).getByText(/10 m ago · silent/)).toBeDefined();
});

test("nobody yet: how an agent is pointed here", async () => {
  answer(200, { daemons: [] });
  render(<Daemons />);
  expect(await screen.findByText("No daemon has reported within the last day")).toBeDefined();
  expect(screen.getByText(/Endpoint: "http:\/\/localhost/)).toBeDefined();
});

test("a server without this page's operation says so", async () => {
  answer(404, { __type: "UnknownOperationException" });
  render(<Daemons />);
  expect(await screen.findByText("This server does not keep what daemons report")).toBeDefined();
});

test("rates are between two reports, whatever time lies between them", () => {
  const errors = { timeout: 0, connectionRefused: 0, http4xx: 0, http5xx: 0, unknownHost: 0, other: 0 };
  const record = (seconds: number, received: number) => ({
    timestampUnixNanos: nanos(seconds * 1_000),
    counts: { ...counts(received), segmentsSpilled: 0, segmentsRejected: 0, connectionErrors: errors },
  });
  expect(perMinute([record(0, 999), record(60, 30), record(180, 30), record(180, 5)])).toEqual([30, 15]);
  expect(perMinute([record(0, 5)])).toEqual([]);
  expect(errorText({ ...errors, other: 2, http4xx: 1 })).toBe("2 other, 1 4xx");
});
