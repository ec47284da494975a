import { expect, test } from "vitest";
import { nodeIdOf } from "./graph/graph";
import { impactGraph } from "./impact-graph";

const node = (ReferenceId: number, Name: string, calls: number[]) => ({
  ReferenceId,
  Name,
  Names: [Name],
  Edges: calls.map(to => ({ ReferenceId: to })),
});

test("the impact graph says what is there, the service graph how much of it", () => {
  const counted = ["pay", "other", "web"].map((Name, ReferenceId) => ({
    ReferenceId,
    Name,
    Names: [Name],
    Root: Name === "web",
    SummaryStatistics: {
      OkCount: 1,
      FaultStatistics: { TotalCount: 9 },
      TotalCount: 10,
      TotalResponseTime: 1,
    },
    ResponseTimeHistogram: [],
    Edges: [],
  }));
  const graph = impactGraph([node(7, "web", [8, 9]), node(8, "pay", []), node(9, "gone", [])], counted, 60);
  expect([...graph.nodes.values()].map(({ name }) => name)).toEqual(["web", "pay", "gone"]);
  expect(graph.nodes.get(nodeIdOf({ name: "pay" }))?.counts.fault).toBe(9);
  expect(graph.nodes.get(nodeIdOf({ name: "gone" }))?.counts.total).toBe(0);
  expect(graph.edges.size).toBe(2);
});
