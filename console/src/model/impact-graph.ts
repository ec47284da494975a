/** The map of an insight: its services and calls, with the counts of the service graph of the same time. */
import { type Graph, graphOf, type WireNode } from "./graph/graph";

export interface ImpactNode {
  ReferenceId: number;
  Name: string;
  Names: readonly string[];
  Type?: string | undefined;
  AccountId?: string | undefined;
  Edges: readonly { ReferenceId: number }[];
}

/** What is in the impact graph only; what the service graph does not know has no counts. */
export function impactGraph(
  services: readonly ImpactNode[],
  counted: readonly WireNode[],
  rangeSeconds: number,
): Graph {
  const bare = graphOf([services.map(wireOf)]);
  const full = graphOf([counted], rangeSeconds);
  return {
    nodes: new Map([...bare.nodes].map(([id, node]) => [id, full.nodes.get(id) ?? node])),
    edges: new Map([...bare.edges].map(([id, edge]) => [id, full.edges.get(id) ?? edge])),
    rangeSeconds,
  };
}

const wireOf = (service: ImpactNode): WireNode => ({
  ...service,
  Root: false,
  ResponseTimeHistogram: [],
  Edges: service.Edges.map(({ ReferenceId }) => ({
    ReferenceId,
    ResponseTimeHistogram: [],
    ReceivedEventAgeHistogram: [],
  })),
});
