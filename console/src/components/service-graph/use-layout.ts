import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Graph } from "../../model/graph/graph";
import { type Layout, type LayoutGraph, layout } from "../../model/layout/layout";

/** So many nodes are laid out here, in a few milliseconds: asking the worker would take longer. */
const HERE_MAX = 100;

/**
 * The layout of `graph`; it follows the one before, and is the same object as long as nodes and edges are the
 * same, whatever their numbers. Undefined until the first is made. Another `epoch` begins anew.
 */
export function useLayout(graph: Graph, epoch: number): Layout | undefined {
  const input = useMemo(() => inputOf(graph), [graph]);
  const key = `${epoch}\n${input.key}`;
  const held = useRef<{ key: string; epoch: number; layout: Layout } | undefined>(undefined);
  const [, setDone] = useState("");
  const before = () => (held.current?.epoch === epoch ? held.current.layout : undefined);
  const isHere = graph.nodes.size <= HERE_MAX || typeof Worker === "undefined";
  if (isHere && held.current?.key !== key) {
    held.current = { key, epoch, layout: layout(input.graph, before()) };
  }
  useEffect(() => {
    if (isHere || held.current?.key === key) return undefined;
    return inWorker(input.graph, before(), made => {
      held.current = { key, epoch, layout: made };
      setDone(key);
    });
  }, [key, isHere]);
  return held.current?.layout;
}

function inputOf(graph: Graph): { key: string; graph: LayoutGraph } {
  const nodes = [...graph.nodes.keys()].sort();
  const edges = [...graph.edges.values()].map(({ from, to }) => ({ from, to }));
  const key = [...nodes, ...[...graph.edges.keys()].sort()].join("\r");
  return { key, graph: { nodes, edges } };
}

let worker: Worker | undefined;
let asked = 0;

/** Returns what gives the request up; its answer is then not heard. */
function inWorker(
  graph: LayoutGraph,
  previous: Layout | undefined,
  done: (made: Layout) => void,
): () => void {
  worker ??= new Worker(new URL("../../model/layout/layout.worker.ts", import.meta.url), { type: "module" });
  const current = worker;
  asked += 1;
  const id = asked;
  const stop = () => {
    current.removeEventListener("message", hear);
    current.removeEventListener("error", fail);
  };
  const hear = (event: MessageEvent<{ id: number; layout: Layout }>) => {
    if (event.data.id !== id) return;
    stop();
    done(event.data.layout);
  };
  // A worker that cannot be loaded: the page does it, slowly.
  const fail = () => {
    stop();
    done(layout(graph, previous));
  };
  current.addEventListener("message", hear);
  current.addEventListener("error", fail);
  current.postMessage({ id, graph, previous });
  return stop;
}
