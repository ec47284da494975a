import { fireEvent, render, screen } from "@testing-library/preact";
import { describe, expect, it, vi } from "vitest";
import { edgeIdOf, graphOf, nodeIdOf } from "../../model/graph/graph";
import { listenForKeys } from "../../shell/keys";
import { ServiceGraph } from "./service-graph";

const statistics = (ok: number, fault: number) => ({
  OkCount: ok,
  FaultStatistics: { TotalCount: fault },
  TotalCount: ok + fault,
  TotalResponseTime: 1,
});
const call = (ReferenceId: number, ok: number, fault: number) => ({
  ReferenceId,
  SummaryStatistics: statistics(ok, fault),
  ResponseTimeHistogram: [{ Value: 0.1, Count: ok + fault }],
  ReceivedEventAgeHistogram: [],
});
const graph = graphOf(
  [
    [
      {
        ReferenceId: 0,
        Name: "web",
        Names: [],
        Root: true,
        State: "active",
        SummaryStatistics: statistics(90, 10),
        ResponseTimeHistogram: [],
        Edges: [call(1, 40, 10)],
      },
      {
        ReferenceId: 1,
        Name: "pay",
        Names: [],
        Root: false,
        State: "active",
        SummaryStatistics: statistics(50, 0),
        ResponseTimeHistogram: [],
        Edges: [],
      },
      {
        ReferenceId: 2,
        Name: "<b>odd</b>",
        Names: [],
        Root: false,
        State: "active",
        ResponseTimeHistogram: [],
        Edges: [],
      },
    ],
  ],
  60,
);
const [web, pay] = [nodeIdOf({ name: "web" }), nodeIdOf({ name: "pay" })];
listenForKeys(document);
HTMLElement.prototype.setPointerCapture ??= () => undefined;
// The simulated document has no pointer events; those of a mouse have what is looked at.
const pointer = (
  element: Element,
  type: "pointerdown" | "pointermove" | "pointerup",
  init: MouseEventInit = {},
) => fireEvent(element, new MouseEvent(type, { bubbles: true, ...init }));

describe("ServiceGraph", () => {
  it("has nodes as buttons, the busiest first, and says what they are", () => {
    const { container } = render(
      <ServiceGraph graph={graph} label="Map" highlights={new Map([[pay, "anomalous"]])} />,
    );
    const nodes = [...container.querySelectorAll("[data-node]")].map(node => node.getAttribute("aria-label"));
    expect(nodes).toEqual([
      "web, 100 requests, 10\u00a0% faults, calls 1, called by 0",
      "pay, 50 requests, 0\u00a0% faults, calls 0, called by 1, anomalous",
      "<b>odd</b>, 0 requests, – faults, calls 0, called by 0",
    ]);
    expect(container.querySelector("b")).toBeNull();
  });

  it("selects what is pressed, and nothing where nothing is", () => {
    const onSelect = vi.fn();
    const { container } = render(<ServiceGraph graph={graph} label="Map" onSelect={onSelect} />);
    const press = (element: Element | null) => {
      if (!element) throw new Error("not drawn");
      pointer(element, "pointerdown");
      pointer(element, "pointerup");
    };
    press(container.querySelector("[data-edge] path"));
    expect(onSelect).toHaveBeenLastCalledWith({ kind: "edge", id: edgeIdOf(web, pay) });
    press(container.querySelector("[data-node] circle"));
    expect(onSelect).toHaveBeenLastCalledWith({ kind: "node", id: web });
    press(container.querySelector("svg"));
    expect(onSelect).toHaveBeenLastCalledWith(undefined);
  });

  it("puts a node where it is dragged, and does not select it", () => {
    const [onSelect, onPin] = [vi.fn(), vi.fn()];
    const { container } = render(
      <ServiceGraph graph={graph} label="Map" onSelect={onSelect} onPin={onPin} />,
    );
    const node = container.querySelector("[data-node]") as Element;
    pointer(node, "pointerdown", { buttons: 1 });
    pointer(node, "pointermove", { buttons: 1, clientX: 60, clientY: 30 });
    pointer(node, "pointerup", { clientX: 60, clientY: 30 });
    expect(onPin).toHaveBeenCalledWith(web, expect.objectContaining({ x: expect.any(Number) }));
    expect(onSelect).not.toHaveBeenCalled();
  });

  it("shows exact numbers of what is pointed at", () => {
    const { container } = render(<ServiceGraph graph={graph} label="Map" />);
    const node = container.querySelector("[data-node] circle") as Element;
    pointer(node, "pointermove");
    expect(screen.getByText("100/min")).toBeTruthy();
    expect(screen.getAllByText("10 %").length).toBeGreaterThan(0);
  });

  it("is walked by keys", () => {
    const onSelect = vi.fn();
    const { container } = render(<ServiceGraph graph={graph} label="Map" onSelect={onSelect} />);
    const node = container.querySelector<SVGElement>("[data-node]");
    node?.focus();
    const key = (name: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key: name });
    key("ArrowRight");
    expect(document.activeElement?.getAttribute("data-node")).toBe(pay);
    key("Enter");
    expect(onSelect).toHaveBeenLastCalledWith({ kind: "node", id: pay });
    key("e");
    expect(document.activeElement?.getAttribute("data-edge")).toBe(edgeIdOf(web, pay));
    key("Enter");
    expect(onSelect).toHaveBeenLastCalledWith({ kind: "edge", id: edgeIdOf(web, pay) });
    key("ArrowLeft");
    expect(document.activeElement?.getAttribute("data-node")).toBe(web);
  });
});
