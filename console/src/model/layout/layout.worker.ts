/** Lays graphs out away from the page; answers in the order asked. */
import { type Layout, type LayoutGraph, layout } from "./layout";

export interface LayoutRequest {
  id: number;
  graph: LayoutGraph;
  previous: Layout | undefined;
}

addEventListener("message", (event: MessageEvent<LayoutRequest>) => {
  const { id, graph, previous } = event.data;
  postMessage({ id, layout: layout(graph, previous) });
});
