import { fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { beforeEach, expect, test, vi } from "vitest";
import { entity, id } from "../../model/trace/samples";
import { listenForKeys } from "../../shell/keys";
import { address, go } from "../../shell/navigation";
import { answerWith } from "../../test-answers";
import Trace from "./trace";

let number = 0;
let traceId = "";
listenForKeys(document);

beforeEach(() => {
  vi.unstubAllGlobals();
  // No canvas here: bars are drawn in browser tests.
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  // Another trace for each test: nothing is left of the one before.
  number += 1;
  traceId = `1-00000000-${number.toString(16).padStart(24, "0")}`;
  go({ route: { page: "trace", id: traceId, view: "timeline" }, params: { ...NOTHING } });
});

const NOTHING = { segment: undefined, tab: undefined, q: undefined, view: undefined };

const call = entity(2, 0.1, 0.5, {
  name: "pay.example",
  namespace: "remote",
  fault: true,
  annotations: { tier: "gold" },
  metadata: { default: { html: "<img src=x onerror=alert(1)>" } },
  sql: { sanitized_query: "SELECT a FROM b WHERE c = ?" },
  cause: { exceptions: [{ id: id(99), type: "Refused", message: "no\u202eway", remote: true }] },
});
const root = entity(1, 0, 1, {
  name: "shop",
  http: { request: { method: "POST", url: "https://shop.example/checkout" }, response: { status: 502 } },
  subsegments: [call, entity(3, 0.6, 0.7, { name: "render" })],
});

/** A server that only speaks X-Ray's operations. */
const foreign = (...documents: object[]) =>
  answerWith({
    Traces: {
      Traces: [
        {
          Id: traceId,
          Segments: documents.map(document => ({ Id: "", Document: JSON.stringify(document) })),
        },
      ],
    },
  });

const grid = () => screen.findByRole("treegrid", { name: "Timeline" });
const names = () =>
  screen.getAllByRole("row").map(row => row.querySelector("[role=gridcell] [title]")?.textContent);

test("rows have level, place, state and a text for their bar", async () => {
  foreign(root);
  render(<Trace />);
  await grid();
  expect(names()).toEqual(["shop", "pay.example", "render"]);
  const [first, second] = screen.getAllByRole("row");
  expect(first?.getAttribute("aria-expanded")).toBe("true");
  expect(second?.getAttribute("aria-level")).toBe("2");
  expect(second?.getAttribute("aria-setsize")).toBe("2");
  const text =
    "pay.example, service shop, fault, starts 100 ms, lasts 400 ms, own time 400 ms, on the critical path";
  expect(screen.getByRole("gridcell", { name: text })).toBeTruthy();
  expect(screen.getByRole("heading", { level: 2 }).textContent).toContain("https://shop.example/checkout");
});

test("keys move, fold and open; the address follows, and says the tab", async () => {
  foreign(root);
  render(<Trace />);
  const rows = await grid();
  fireEvent.keyDown(rows, { key: "ArrowDown" });
  expect(rows.getAttribute("aria-activedescendant")).toBe(screen.getAllByRole("row")[1]?.id);
  fireEvent.keyDown(rows, { key: "Enter" });
  expect(address.value.params.segment).toBe(id(2));
  const tabs = await screen.findByRole("tablist", { name: "Details" });
  await waitFor(() => expect(tabs.textContent).toBe("OverviewAnnotationsMetadataExceptionsSQLRaw"));
  fireEvent.click(screen.getByRole("tab", { name: "Exceptions" }));
  expect(address.value.params.tab).toBe("exceptions");
  expect(await screen.findByText("no⟨U+202E⟩way")).toBeTruthy();
  expect(screen.getByText("passed on from downstream")).toBeTruthy();
  const others = screen.getByRole("link", { name: "Find others with this message" });
  expect(decodeURIComponent(others.getAttribute("href") ?? "")).toContain("rootcause.fault.exception");
  fireEvent.keyDown(rows, { key: "ArrowUp" });
  fireEvent.keyDown(rows, { key: "ArrowLeft" });
  await waitFor(() => expect(names()).toEqual(["shop"]));
  expect(address.value.params.segment).toBe(id(1));
});

test("where the request failed stands above the rows, and leads to the exception", async () => {
  foreign(root);
  render(<Trace />);
  await grid();
  const cause = screen.getByRole("button", { name: /Refused.*no⟨U\+202E⟩way/ });
  expect(cause.parentElement?.textContent).toContain("— in shop");
  fireEvent.click(cause);
  expect(address.value.params).toMatchObject({ segment: id(2), tab: "exceptions" });
  expect(await screen.findByText("passed on from downstream")).toBeTruthy();
});

test("search counts and marks, filters keep the way to what matches", async () => {
  foreign(root);
  render(<Trace />);
  await grid();
  const field = screen.getByRole("searchbox", { name: "Search in the trace" });
  fireEvent.input(field, { target: { value: "GOLD" } });
  // Of the annotations: the documents are read for that.
  expect(await screen.findByText("–/1")).toBeTruthy();
  fireEvent.keyDown(field, { key: "Enter" });
  expect(await screen.findByText("1/1")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: /^Errors/ }));
  await waitFor(() => expect(names()).toEqual(["shop", "pay.example"]));
  expect(address.value.params.view).toBe("errors");
});

test("what is not whole is said: in progress, waiting for a parent, outside the parent", async () => {
  foreign(
    entity(1, 0, undefined, { subsegments: [entity(2, 0.1, 0.5, { namespace: "remote" })] }),
    entity(3, 0.7, 0.9, { parent_id: id(2) }),
    entity(4, 0.3, 0.4, { type: "subsegment", parent_id: id(77) }),
  );
  render(<Trace />);
  await grid();
  const said = screen
    .getAllByRole("status")
    .map(status => status.textContent)
    .join(" ");
  expect(said).toContain("In progress: 1 row open");
  expect(said).toContain("Partial: 1 subsegment whose parent has not arrived");
  expect(said).toContain("1 row more than 5 ms outside the parent");
  expect(screen.getByText("Missing parent")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Align clocks" }));
  expect(address.value.params.view).toBe("aligned");
});

test("an unknown trace says what to look at", async () => {
  answerWith({ Traces: { Traces: [], UnprocessedTraceIds: [traceId] } });
  render(<Trace />);
  expect(await screen.findByText("No trace has this id")).toBeTruthy();
  expect(screen.getByText(traceId)).toBeTruthy();
  expect(screen.getByRole("link", { name: "Sampling rules" })).toBeTruthy();
});

test("text of a trace stays text", async () => {
  foreign(root);
  go({ params: { segment: id(2), tab: "metadata" } });
  const { container } = render(<Trace />);
  expect(await screen.findByText("<img src=x onerror=alert(1)>")).toBeTruthy();
  expect(container.querySelector("img")).toBe(null);
});
