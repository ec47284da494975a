/** The map of one trace (spec console.md 6.3.3); what is chosen in it is the segment of the panel. */
import { useMemo, useState } from "preact/hooks";
import { getTraceGraph } from "../../api/get-trace-graph";
import { Panel, type PanelState, stateOf } from "../../components/panel/panel";
import type { Target } from "../../components/service-graph/scene";
import { ServiceGraph } from "../../components/service-graph/service-graph";
import { useQuery } from "../../components/use-query";
import { formatCount } from "../../model/format";
import { graphOf } from "../../model/graph/graph";
import { rowOfNode } from "../../model/trace/node-rows";
import { rowOf } from "../../model/trace/table";
import { mark } from "../../shell/marks";
import { address, adjust } from "../../shell/navigation";
import type { LoadedTrace } from "./load-trace";
import { SegmentPanel } from "./segment/segment-panel";
import styles from "./trace.module.css";

const NONE: PanelState = {
  kind: "empty",
  title: "The trace has no service yet",
  detail: "Only subsegments have arrived; the map shows them once their segments are there.",
};

export function MapView({ loaded }: { loaded: LoadedTrace }) {
  const { table } = loaded;
  const { segment } = address.value.params;
  const [selected, setSelected] = useState<Target>();
  const query = useQuery(`trace graph:${table.id}:${table.revision}`, signal =>
    getTraceGraph(table.id, { signal }),
  );
  const graph = useMemo(() => query.value && graphOf([query.value]), [query.value]);
  const select = (target: Target | undefined) => {
    setSelected(target);
    const end = target?.kind === "edge" ? graph?.edges.get(target.id)?.to : target?.id;
    const node = end === undefined ? undefined : graph?.nodes.get(end);
    const row = node && !node.isClient ? rowOfNode(table, node) : -1;
    adjust({ params: { segment: row < 0 ? undefined : table.ids[row], tab: undefined } });
  };
  return (
    <div class={styles.beside}>
      <Panel fill state={stateOf(query, graph?.nodes.size === 0 ? NONE : undefined)}>
        {graph && graph.nodes.size > 0 && (
          <ServiceGraph
            graph={graph}
            label={`Map of the trace: ${formatCount(graph.nodes.size)} nodes, ${formatCount(graph.edges.size)} edges`}
            selected={selected}
            onSelect={select}
            options={{ sizeBy: "none" }}
            onDrawn={() => mark("paint")}
          />
        )}
      </Panel>
      {segment !== undefined && (
        <SegmentPanel
          loaded={loaded}
          row={rowOf(table, segment)}
          id={segment}
          onClose={() => adjust({ params: { segment: undefined, tab: undefined } })}
        />
      )}
    </div>
  );
}
