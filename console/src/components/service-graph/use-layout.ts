import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Layout, type LayoutGraph, layout } from "../../model/layout/layout";
import { cellHeight, type Drawing } from "./drawing";

/** So many nodes are laid out here, in a few milliseconds: asking the worker would take longer. */
const HERE_MAX = 100;

/**
 * The layout of what is drawn; it follows the one before, and is the same object as long as nodes and edges are the
 * same, whatever their numbers. Undefined until the first is made. Another `epoch` begins anew.
 */
export function useLayout(drawing: Drawing, epoch: number): Layout | undefined {
  const input = useMemo(() => inputOf(drawing), [drawing]);
  const key = `${epoch}\n${input.key}`;
  const held = useRef<{ key: string; epoch: number; layout: Layout } | undefined>(undefined);
  const [, setDone] = useState("");
  const before = () => (held.current?.epoch === epoch ? held.current.layout : undefined);
  const isHere = drawing.nodes.length <= HERE_MAX || typeof Worker === "undefined";
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

function inputOf({ nodes, edges }: Drawing): { key: string; graph: LayoutGraph } {
  const heights = new Map(nodes.map(drawn => [drawn.node.id, cellHeight(drawn)]));
  const ids = [...heights.keys()].sort();
  const key = [...ids.map(id => `${id} ${heights.get(id)}`), ...edges.map(({ edge }) => edge.id).sort()].join(
    "\r",
  );
  return {
    key,
    graph: { nodes: ids, edges: edges.map(({ edge: { from, to } }) => ({ from, to })), heights },
  };
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
