/** Which part of a graph is drawn: switches of the map, focus, and groups (spec console.md 6.1.1, 6.1.5). */
import { healthOf, type Thresholds } from "./counts";
import { edgeIdOf, type Graph, type GraphEdge, type GraphNode, mergeEdges, mergeNodes } from "./graph";

export interface Choice {
  clients: boolean;
  links: boolean;
  /** Only edges with errors, and what they join. */
  errorsOnly: boolean;
  /** Names to leave out: parts of names, `*` for anything; several by comma. */
  hide: string;
  focus?: { id: string; hops: number } | undefined;
}

export function shownPart(graph: Graph, choice: Choice, thresholds: Thresholds): Graph {
  const hidden = namePattern(choice.hide);
  const isKept = (node: GraphNode) => (choice.clients || !node.isClient) && !hidden?.(node.name);
  let nodes = new Map([...graph.nodes].filter(([, node]) => isKept(node)));
  let edges = [...graph.edges.values()].filter(
    edge => nodes.has(edge.from) && nodes.has(edge.to) && (choice.links || !edge.isLink),
  );
  if (choice.errorsOnly) {
    edges = edges.filter(edge => healthOf(edge.counts, thresholds) !== "calm");
    const ends = new Set(edges.flatMap(edge => [edge.from, edge.to]));
    nodes = new Map(
      [...nodes].filter(([id, node]) => ends.has(id) || healthOf(node.counts, thresholds) !== "calm"),
    );
  }
  if (choice.focus && nodes.has(choice.focus.id)) {
    const near = within(choice.focus.id, choice.focus.hops, edges);
    nodes = new Map([...nodes].filter(([id]) => near.has(id)));
    edges = edges.filter(edge => near.has(edge.from) && near.has(edge.to));
  }
  return { ...graph, nodes, edges: new Map(edges.map(edge => [edge.id, edge])) };
}

function within(id: string, hops: number, edges: readonly GraphEdge[]): Set<string> {
  const near = new Set([id]);
  for (let hop = 0; hop < hops; hop += 1) {
    const before = new Set(near);
    for (const { from, to } of edges) {
      if (before.has(from)) near.add(to);
      if (before.has(to)) near.add(from);
    }
  }
  return near;
}

/** Tests names against `text`; undefined when it says nothing. Upper and lower case are the same. */
export function namePattern(text: string): ((name: string) => boolean) | undefined {
  const parts = text
    .split(",")
    .map(part => part.trim().toLowerCase())
    .filter(Boolean);
  if (parts.length === 0) return undefined;
  const tests = parts.map(part => {
    if (!part.includes("*")) return (name: string) => name.includes(part);
    const pieces = part.split("*");
    return (name: string) => matchesPieces(name, pieces);
  });
  return name => tests.some(test => test(name.toLowerCase()));
}

/** The whole name is the pieces in order with anything between them; linear, whatever a person writes. */
function matchesPieces(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

export const GROUPINGS = ["none", "type", "account"] as const;
export type Grouping = (typeof GROUPINGS)[number];

const keyOf = (node: GraphNode, by: Grouping): string =>
  (by === "account" ? node.account : node.type) || (by === "account" ? "no account" : "no type");

const groupId = (key: string): string => `group\n${key}`;

/**
 * Nodes of one type or account drawn as one, with their numbers added; `expanded` holds the ids of the groups
 * that are drawn as their members. Edges inside a group are not drawn.
 */
export function grouped(graph: Graph, by: Grouping, expanded: ReadonlySet<string>): Graph {
  if (by === "none") return graph;
  const members = new Map<string, GraphNode[]>();
  for (const node of graph.nodes.values()) {
    const id = groupId(keyOf(node, by));
    const known = members.get(id);
    if (known) known.push(node);
    else members.set(id, [node]);
  }
  const nodes = new Map<string, GraphNode>();
  const place = new Map<string, string>();
  for (const [id, of] of members) {
    const isOne = of.length === 1 || expanded.has(id);
    for (const node of of) {
      place.set(node.id, isOne ? node.id : id);
      if (isOne) nodes.set(node.id, node);
    }
    const [first] = of;
    if (isOne || !first) continue;
    const sum = of.reduce((a, b) => mergeNodes(a, b));
    nodes.set(id, {
      ...sum,
      id,
      name: keyOf(first, by),
      names: [],
      isClient: of.every(node => node.isClient),
      account: by === "account" ? first.account : undefined,
      members: of.map(node => node.id),
    });
  }
  return { ...graph, nodes, edges: movedEdges(graph, place) };
}

function movedEdges(graph: Graph, place: ReadonlyMap<string, string>): Map<string, GraphEdge> {
  const edges = new Map<string, GraphEdge>();
  for (const edge of graph.edges.values()) {
    const from = place.get(edge.from);
    const to = place.get(edge.to);
    if (from === undefined || to === undefined) continue;
    if (from === to && edge.from !== edge.to) continue;
    const moved = { ...edge, from, to, id: edgeIdOf(from, to, edge.isLink) };
    const known = edges.get(moved.id);
    edges.set(moved.id, known ? mergeEdges(known, moved) : moved);
  }
  return edges;
}
