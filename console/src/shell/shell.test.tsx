import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { invalidate } from "../api/query";
import { REFRESH_SECONDS } from "./auto-refresh";
import { listenForKeys } from "./keys";
import { address, go } from "./navigation";
import { DEFAULTS, prefer } from "./preferences";
import { Shell } from "./shell";
import { now } from "./time";

beforeAll(() => listenForKeys(document));
beforeEach(() => {
  prefer(DEFAULTS);
  go({ route: { page: "home" } });
});
afterEach(() => {
  act(cleanup);
  vi.unstubAllGlobals();
  vi.useRealTimers();
  invalidate("");
});

const answer = (paths: Record<string, [number, object]>) =>
  vi.stubGlobal("fetch", async (url: URL) => {
    const [status, body] = paths[url.pathname] ?? [200, {}];
    return new Response(JSON.stringify(body), { status });
  });

const server = (hasTraces: boolean) => ({
  version: "0.1.0",
  nowUnixNanos: "1795628482255184316",
  addresses: { http: "127.0.0.1:2001", daemonUdp: "127.0.0.1:2000", daemonTcp: "127.0.0.1:2000" },
  storage: { hasTraces },
  features: {},
});

const at = (page: string) => vi.waitFor(() => expect(address.value.route.page).toBe(page), 5_000);

test("no page in the address: the map when there is a trace, else first steps; of a foreign server the map", async () => {
  for (const [status, body, page] of [
    [200, server(true), "service-map"],
    [200, server(false), "welcome"],
    [404, {}, "service-map"],
  ] as const) {
    answer({ "/api/v1/server": [status, body] });
    go({ route: { page: "home" }, params: { timeRange: { kind: "relative", millis: 3_600_000 } } });
    render(<Shell />);
    await at(page);
    expect(address.value.params.timeRange).toEqual({ kind: "relative", millis: 3_600_000 });
    act(cleanup);
    invalidate("");
  }
});

test("another page has the focus, the title and the main heading", async () => {
  answer({});
  go({ route: { page: "daemons" } });
  render(<Shell />);
  const main = screen.getByRole("main");
  expect(document.activeElement).not.toBe(main);
  act(() => go({ route: { page: "getting-started" } }));
  await vi.waitFor(() => expect(document.activeElement).toBe(main));
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Getting started");
  expect(document.title).toBe("Getting started · Roentgen");
  const places = screen.getByRole("navigation", { name: "Pages" });
  expect(within(places).getByRole("link", { current: "page" }).textContent).toBe("Getting started");
});

test("the skip link leads to the page and leaves the address", () => {
  answer({});
  go({ route: { page: "daemons" } });
  const { hash } = location;
  render(<Shell />);
  fireEvent.click(screen.getByRole("link", { name: "Skip to the page" }));
  expect(document.activeElement).toBe(screen.getByRole("main"));
  expect(location.hash).toBe(hash);
});

test("what of the address was not understood is told, and dismissed", async () => {
  answer({});
  render(<Shell />);
  act(() => {
    location.hash = "#/daemons?timeRange=soon";
    dispatchEvent(new Event("hashchange"));
  });
  await screen.findByText(/"soon" is no timeRange/);
  fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  await vi.waitFor(() => expect(screen.queryByText(/"soon"/)).toBeNull());
  expect(location.hash).toBe("#/daemons");
});

test("a lost connection is said and tried again until the server answers", async () => {
  answer({});
  go({ route: { page: "daemons" } });
  render(<Shell />);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed to fetch")));
  fireEvent.keyDown(document.body, { key: "r" });
  await screen.findByText(/Connection lost, retrying/);
  answer({});
  await vi.waitFor(() => expect(screen.queryByText(/Connection lost/)).toBeNull(), 5_000);
});

test("the keys of the page are listed", async () => {
  answer({});
  go({ route: { page: "daemons" } });
  render(<Shell />);
  act(() => {
    fireEvent.keyDown(document.body, { key: "?" });
  });
  const keys = screen.getByRole("dialog", { name: "Keys" });
  expect(within(keys).getByText("Everywhere")).toBeDefined();
  expect(within(keys).getByText("Previous window")).toBeDefined();
  fireEvent.keyDown(within(keys).getByRole("button", { name: "Close" }), { key: "Escape" });
  expect(screen.queryByRole("dialog", { name: "Keys" })).toBeNull();
});

test("refreshing by itself waits while somebody types, drags or has a dialog open", () => {
  answer({});
  vi.useFakeTimers();
  const seconds = REFRESH_SECONDS[1];
  prefer({ refreshSeconds: seconds });
  go({ route: { page: "daemons" } });
  const { container } = render(<Shell />);
  const passes = (isRefreshed: boolean) => {
    const before = now.value;
    act(() => {
      vi.advanceTimersByTime(seconds * 1_000);
    });
    expect(now.value > before).toBe(isRefreshed);
  };
  passes(true);
  const field = container.appendChild(document.createElement("input"));
  field.focus();
  passes(false);
  field.blur();
  passes(true);
  document.dispatchEvent(new Event("pointerdown"));
  passes(false);
  document.dispatchEvent(new Event("pointerup"));
  const dialog = container.appendChild(document.createElement("dialog"));
  dialog.setAttribute("open", "");
  passes(false);
  dialog.remove();
  passes(true);
});
