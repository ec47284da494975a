import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { invalidate } from "../api/query";
import { GoTo, isGoToOpen, ofText } from "./go-to/go-to";
import { address, go } from "./navigation";
import { remember } from "./preferences";
import { RangePicker } from "./range-picker/range-picker";
import { describeRange, readRange } from "./range-picker/range-text";
import { moveRange, now, showRange } from "./time";
import { GroupPicker } from "./top-bar/group-picker";

const MINUTE = 60_000;
const ID = "1-5759e988-bd862e3fe1be46a994272793";

beforeEach(() => {
  go({
    route: { page: "traces" },
    params: { timeRange: { kind: "relative", millis: 15 * MINUTE }, tz: "utc" },
  });
});
afterEach(() => {
  isGoToOpen.value = false;
  act(cleanup);
  vi.unstubAllGlobals();
  vi.useRealTimers();
  invalidate("");
});

const range = () => address.value.params.timeRange;
const open = (name: RegExp) => {
  act(() => {
    fireEvent.click(screen.getByRole("button", { name }));
  });
};

test("one of the offered ranges", () => {
  render(<RangePicker />);
  open(/Last 15 minutes/);
  const panel = screen.getByRole("dialog", { name: "Range of time" });
  expect(document.activeElement?.textContent).toBe("15 minutes");
  fireEvent.click(within(panel).getByRole("button", { name: "3 hours" }));
  expect(range()).toEqual({ kind: "relative", millis: 180 * MINUTE });
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(screen.getByRole("button", { name: /Last 3 hours/ })).toBeDefined();
});

test("from and to, to the second, in the zone that is shown", () => {
  render(<RangePicker />);
  open(/Last 15 minutes/);
  fireEvent.input(screen.getByLabelText("From"), { target: { value: "2026-11-20T10:15:31" } });
  fireEvent.input(screen.getByLabelText("To"), { target: { value: "2026-11-20T10:15:30" } });
  fireEvent.click(screen.getByRole("button", { name: "Show this range" }));
  expect(screen.getByRole("alert").textContent).toBe("The start has to be before the end");
  fireEvent.input(screen.getByLabelText("To"), { target: { value: "2026-11-20T10:30:00" } });
  fireEvent.click(screen.getByRole("button", { name: "Show this range" }));
  const start = Date.UTC(2026, 10, 20, 10, 15, 31);
  expect(range()).toEqual({ kind: "absolute", start, end: Date.UTC(2026, 10, 20, 10, 30) });
  expect(screen.getByRole("button", { name: "2026-11-20 10:15:31 – 10:30 UTC" })).toBeDefined();
});

test("what is typed: durations, ranges, and neither", () => {
  render(<RangePicker />);
  open(/Last 15 minutes/);
  const field = screen.getByLabelText(/Duration or range/);
  fireEvent.input(field, { target: { value: "soon" } });
  fireEvent.submit(field);
  expect(screen.getByRole("alert").textContent).toMatch(/^Neither/);
  fireEvent.input(field, { target: { value: "PT1H30M" } });
  fireEvent.submit(field);
  expect(range()).toEqual({ kind: "relative", millis: 90 * MINUTE });
  expect(readRange(" 45 m ")).toEqual({ kind: "relative", millis: 45 * MINUTE });
  expect(readRange("0.5s")).toEqual({ kind: "relative", millis: 500 });
  expect(readRange("2026-11-20 10:00~2026-11-20 10:15:30Z")).toMatchObject({ kind: "absolute" });
  expect(readRange("0m")).toBeUndefined();
  expect(describeRange({ kind: "relative", millis: 90 * MINUTE }, "utc")).toBe("Last 1 h 30 m");
  expect(describeRange({ kind: "relative", millis: 60 * MINUTE }, "utc")).toBe("Last hour");
});

test("the windows before and after; the one that reaches the present follows it", () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 25, 12) });
  showRange({ kind: "relative", millis: 15 * MINUTE });
  moveRange(1);
  expect(range().kind).toBe("relative");
  moveRange(-1);
  const end = now.value - 15 * MINUTE;
  expect(range()).toEqual({ kind: "absolute", start: end - 15 * MINUTE, end });
  moveRange(-1);
  moveRange(1);
  expect(range()).toEqual({ kind: "absolute", start: end - 15 * MINUTE, end });
  moveRange(1);
  expect(range()).toEqual({ kind: "relative", millis: 15 * MINUTE });
});

test("UTC and local time", () => {
  render(<RangePicker />);
  open(/Last 15 minutes/);
  fireEvent.click(screen.getByRole("button", { name: "Local time" }));
  expect(address.value.params.tz).toBe("local");
  expect(screen.getByRole("button", { name: "Local time" }).getAttribute("aria-pressed")).toBe("true");
});

const groups = {
  Groups: [{ GroupName: "Default" }, { GroupName: "slow", FilterExpression: "duration > 5" }],
};
const graph = {
  Services: [
    { ReferenceId: 0, Name: "shop", Type: "AWS::ECS::Container", SummaryStatistics: { TotalCount: 5 } },
    { ReferenceId: 1, Name: "me", Type: "client" },
  ],
};
const serve = () =>
  vi.stubGlobal("fetch", async (url: URL) => {
    if (url.pathname === "/Groups") return new Response(JSON.stringify(groups));
    return new Response(JSON.stringify(url.pathname === "/ServiceGraph" ? graph : {}));
  });

test("a group is found by its name or expression, and chosen by keys", async () => {
  serve();
  render(<GroupPicker />);
  open(/All traces/);
  const field = screen.getByRole("combobox", { name: "Groups" });
  await screen.findByRole("option", { name: /slow/ });
  expect(screen.queryByRole("option", { name: /Default/ })).toBeNull();
  fireEvent.input(field, { target: { value: "DURATION" } });
  expect(screen.getAllByRole("option")).toHaveLength(1);
  fireEvent.keyDown(field, { key: "Enter" });
  expect(address.value.params.group).toBe("slow");
  open(/slow/);
  fireEvent.click(screen.getByRole("option", { name: "All traces" }));
  expect(address.value.params.group).toBeUndefined();
});

test("go to: pages, groups, services of the last hour, traces opened before", async () => {
  serve();
  remember("recent-traces", [ID]);
  render(<GoTo />);
  act(() => {
    isGoToOpen.value = true;
  });
  const field = screen.getByRole("combobox", { name: "Go to" });
  expect(document.activeElement).toBe(field);
  await screen.findByRole("option", { name: /shop/ });
  expect(screen.getByRole("option", { name: ID })).toBeDefined();
  expect(screen.queryByRole("option", { name: /client/ })).toBeNull();
  // The page that is shown is not offered.
  expect(screen.queryByRole("option", { name: "Traces" })).toBeNull();
  fireEvent.input(field, { target: { value: "shop" } });
  fireEvent.keyDown(field, { key: "Enter" });
  expect(address.value.route).toEqual({ page: "service-map" });
  expect(address.value.params.node).toEqual({ name: "shop", type: "AWS::ECS::Container" });
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a trace id opens its trace, in whatever text it is pasted", () => {
  const w3c = ID.slice(2).replace("-", "");
  for (const text of [
    ID,
    w3c,
    w3c.toUpperCase(),
    `X-Amzn-Trace-Id: Root=${ID};Parent=53995c3f42cd8ad8;Sampled=1`,
    `traceparent: 00-${w3c}-53995c3f42cd8ad8-01`,
    `2026-11-25 10:15:30 ERROR [${ID}] payment failed`,
  ]) {
    expect(
      ofText(text).map(choice => choice.label),
      text,
    ).toEqual([`Open trace ${ID}`]);
  }
  expect(ofText(`${"0".repeat(32)} and ${"f".repeat(33)}`)).toEqual([]);
  render(<GoTo />);
  act(() => {
    isGoToOpen.value = true;
  });
  const field = screen.getByRole("combobox", { name: "Go to" });
  fireEvent.input(field, { target: { value: `Root=${ID}` } });
  fireEvent.keyDown(field, { key: "Enter" });
  expect(address.value.route).toEqual({ page: "trace", id: ID, view: "timeline" });
});
