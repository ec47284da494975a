import { describe, expect, it } from "vitest";
import { type Graph, graphOf, nodeIdOf, type WireNode } from "../../model/graph/graph";
import { layout } from "../../model/layout/layout";
import { cellHeight, DEFAULT_OPTIONS, displayName, drawingOf, rateOf, typeLabel } from "./drawing";
import { arcPath, edgeShape } from "./geometry";
import { glyphOf } from "./glyphs";
import { edgeLabels, labelBox, nodeLabels } from "./labels";
import { boxOf, nearOf, neighbourIn, type Scene, SceneMaker } from "./scene";

/** A chain of services with branches; every seventh fails. */
function sample(count: number): Graph {
  const statistics = (total: number, fault: number) => ({
    OkCount: total - fault,
    FaultStatistics: { TotalCount: fault },
    TotalCount: total,
    TotalResponseTime: total * 0.1,
  });
  const wires: WireNode[] = Array.from({ length: count }, (_, index) => {
    const total = (count - index) * 10;
    return {
      ReferenceId: index,
      Name: `service-with-a-rather-long-name-${index}`,
      Names: [],
      Root: index === 0,
      Type: "AWS::ECS::Container",
      State: index % 2 === 0 ? "active" : "unknown",
      SummaryStatistics: statistics(total, index % 7 === 3 ? total / 5 : 0),
      ResponseTimeHistogram: [{ Value: 0.1, Count: total }],
      Edges: [index * 2 + 1, index * 2 + 2]
        .filter(to => to < count)
        .map(to => ({
          ReferenceId: to,
          SummaryStatistics: statistics(10, to % 7 === 3 ? 2 : 0),
          ResponseTimeHistogram: [],
          ReceivedEventAgeHistogram: [],
        })),
    };
  });
  return graphOf([wires], 600);
}

function sceneOf(graph: Graph): Scene {
  const drawing = drawingOf(graph, DEFAULT_OPTIONS);
  const heights = new Map(drawing.nodes.map(drawn => [drawn.node.id, cellHeight(drawn)]));
  const made = layout({ nodes: [...graph.nodes.keys()], edges: [...graph.edges.values()], heights });
  return new SceneMaker().make(drawing, made, made.positions);
}

const idOf = (index: number) =>
  nodeIdOf({ name: `service-with-a-rather-long-name-${index}`, type: "AWS::ECS::Container" });

describe("drawing", () => {
  const drawing = drawingOf(sample(30), DEFAULT_OPTIONS);

  it("has the busiest first, the largest in diameter, within the limits", () => {
    const radii = drawing.nodes.map(drawn => drawn.radius);
    expect(radii[0]).toBe(42);
    expect([...radii].sort((a, b) => b - a)).toEqual(radii);
    expect(radii.at(-1)).toBeGreaterThanOrEqual(18);
  });

  it("lets what fails stand out, and lie on top", () => {
    const failing = drawing.nodes.filter(drawn => drawn.alert);
    expect(failing).toHaveLength(4);
    expect(failing[0]).toMatchObject({ health: "bad", alert: { text: "20 %", of: "fault" } });
    const edges = drawing.edges.map(edge => edge.health);
    expect(edges.indexOf("bad")).toBeGreaterThan(edges.lastIndexOf("calm"));
  });

  it("says nodes in words", () => {
    expect(drawing.nodes[0]?.label).toBe(
      "service-with-a-rather-long-name-0, AWS::ECS::Container, 300 requests, 0\u00a0% faults, p90 100 ms, calls 2, called by 0",
    );
    expect(drawing.nodes[0]?.outline).toBe("double");
    expect(drawing.nodes[1]?.outline).toBe("dashed");
  });

  it("changes no object of an edge that stays", () => {
    const graph = sample(9);
    const drawn = drawingOf(graph, DEFAULT_OPTIONS);
    const made = layout({ nodes: [...graph.nodes.keys()], edges: [...graph.edges.values()] });
    const maker = new SceneMaker();
    const before = maker.make(drawn, made, made.positions);
    const moved = new Map(made.positions).set(idOf(8), { x: 900, y: 900 });
    const after = maker.make(drawn, made, moved);
    const changed = after.edges.filter((edge, at) => edge !== before.edges[at]);
    expect(changed.map(edge => edge.drawn.edge.to)).toEqual([idOf(8)]);
  });
});

describe("labels", () => {
  const overlaps = (labels: ReturnType<typeof nodeLabels>) => {
    const boxes = labels.map(labelBox);
    return boxes.filter((a, at) =>
      boxes
        .slice(at + 1)
        .some(b => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom),
    );
  };

  it.each([0.05, 0.2, 0.5, 0.8, 1, 2])("never cover each other at zoom %f", zoom => {
    const scene = sceneOf(sample(120));
    const labels = nodeLabels(scene, zoom, new Set());
    expect(labels.length).toBeGreaterThan(0);
    expect(overlaps(labels)).toEqual([]);
  });

  it("are all there near by, with types; of large graphs far away of the busiest only", () => {
    const scene = sceneOf(sample(40));
    const near = nodeLabels(scene, 1, new Set());
    expect(near).toHaveLength(40);
    expect(near.every(label => label.type === "ECS Container")).toBe(true);
    expect(nodeLabels(sceneOf(sample(400)), 0.5, new Set()).length).toBeLessThanOrEqual(60);
  });

  it("show what is chosen before anything else", () => {
    const scene = sceneOf(sample(400));
    expect(nodeLabels(scene, 0.1, new Set([idOf(399)]))[0]?.id).toBe(idOf(399));
  });

  it("of edges are shown when zoomed in, of failing ones earlier", () => {
    const scene = sceneOf(sample(30));
    const texts = (zoom: number) => edgeLabels(scene, zoom, nodeLabels(scene, zoom, new Set()), new Set());
    expect(texts(0.2)).toEqual([]);
    expect(texts(0.6).every(label => label.isAlert && label.text === "20 %")).toBe(true);
    expect(texts(1).some(label => label.text === "1.0/min · 100 ms")).toBe(true);
  });
});

describe("scene", () => {
  const scene = sceneOf(sample(15));

  it("knows what is near, and where arrows lead", () => {
    expect(
      [...(nearOf(scene, { kind: "node", id: idOf(1) }) ?? [])].filter(id => scene.byId.has(id)).sort(),
    ).toEqual([idOf(0), idOf(1), idOf(3), idOf(4)].sort());
    const right = neighbourIn(scene, idOf(0), 1, 0)?.drawn.node.id;
    expect([idOf(1), idOf(2)]).toContain(right);
    expect(neighbourIn(scene, right ?? "", -1, 0)?.drawn.node.id).toBe(idOf(0));
    expect(neighbourIn(scene, idOf(0), -1, 0)).toBeUndefined();
  });

  it("has a box around all of it", () => {
    const box = boxOf(scene);
    for (const { x, y } of scene.nodes) {
      expect(
        x > (box?.left ?? 0) && x < (box?.right ?? 0) && y > (box?.top ?? 0) && y < (box?.bottom ?? 0),
      ).toBe(true);
    }
    expect(boxOf({ ...scene, nodes: [] })).toBeUndefined();
  });
});

describe("shapes", () => {
  const ends = {
    from: { x: 0, y: 0 },
    fromRadius: 20,
    to: { x: 200, y: 0 },
    toRadius: 20,
    width: 2,
    isPaired: false,
  };

  it("end at the rings", () => {
    const { line, middle, box } = edgeShape({ ...ends, bends: [] });
    expect(line.startsWith("M20 0C")).toBe(true);
    expect(middle.y).toBe(0);
    expect(box.right).toBeCloseTo(177);
  });

  it("part where edges go both ways", () => {
    const there = edgeShape({ ...ends, bends: [], isPaired: true });
    const back = edgeShape({ ...ends, from: ends.to, to: ends.from, bends: [], isPaired: true });
    expect(Math.sign(there.middle.y)).toBe(-Math.sign(back.middle.y));
    expect(Math.abs(there.middle.y - back.middle.y)).toBeGreaterThan(12);
  });

  it("pass their bends, and loop to themselves", () => {
    expect(edgeShape({ ...ends, bends: [{ x: 100, y: 80 }] }).line).toContain("100 80");
    const { box } = edgeShape({ ...ends, to: ends.from, bends: [] });
    expect(box.top).toBeLessThan(-40);
  });

  it("of arcs are whole circles when nothing else is there", () => {
    expect(arcPath(0, 360, 10).match(/A/g)).toHaveLength(2);
    expect(arcPath(0, 90, 10)).toBe("M0 -10A10 10 0 0 1 10 0");
  });
});

describe("words", () => {
  it("name queues and resources by what tells them apart", () => {
    expect(displayName("https://sqs.eu-west-1.example/111122223333/billing")).toBe("billing");
    expect(displayName("arn:aws:sns:us-east-1:1:orders")).toBe("orders");
    expect(displayName("api.example.com")).toBe("api.example.com");
    expect(displayName("a\u202eb")).toBe("a⟨U+202E⟩b");
    expect([typeLabel("AWS::ECS::Container"), typeLabel("Database::SQL"), typeLabel(undefined)]).toEqual([
      "ECS Container",
      "SQL database",
      "",
    ]);
  });

  it("give rates", () => {
    expect([0, 1, 40, 1000, 100_000].map(count => rateOf(count, 600))).toEqual([
      "0",
      "0.1/min",
      "4.0/min",
      "100/min",
      "10,000/min",
    ]);
    expect(rateOf(12, undefined)).toBe("12");
  });

  it("give every type a picture", () => {
    expect(glyphOf("AWS::DynamoDB::Table")).toBe("database");
    expect(glyphOf("AWS::Lambda::Function")).toBe("function");
    expect(glyphOf(undefined)).toBe("generic");
  });
});
