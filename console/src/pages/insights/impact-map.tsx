/** The services on the way from clients to the root cause until a time; anomalous ones have a halo and a word. */
import { useMemo } from "preact/hooks";
import { getServiceGraph } from "../../api/get-service-graph";
import { getInsightImpactGraph, type Insight, type ServiceId } from "../../api/insights";
import { Panel, type PanelState, stateOf } from "../../components/panel/panel";
import { ServiceGraph } from "../../components/service-graph/service-graph";
import { useQuery } from "../../components/use-query";
import { formatCount, formatShare, visible } from "../../model/format";
import { type Graph, identityOf, nodeIdOf } from "../../model/graph/graph";
import { impactGraph } from "../../model/impact-graph";
import { faultFilter } from "../../model/insight";
import { address, adjust, hrefOf } from "../../shell/navigation";
import styles from "./insights.module.css";
import { incidentParams } from "./links";

/** The longest range that a strict server answers. */
const GRAPH_SECONDS_MAX = 6 * 3_600;

/** `at` and `start` in seconds. */
export function ImpactMap(props: {
  insight: Insight;
  start: number;
  at: number;
  anomalous: (ServiceId | undefined)[];
}) {
  const { insight, at } = props;
  const range = { StartTime: Math.max(props.start, at - GRAPH_SECONDS_MAX), EndTime: at };
  const query = useQuery(
    `insight graph ${insight.InsightId} ${JSON.stringify(range)}`,
    async signal => {
      const ofGroup = { ...range, GroupName: insight.GroupName };
      const [services, counted] = await Promise.all([
        getInsightImpactGraph({ InsightId: insight.InsightId, ...range }, { signal }),
        getServiceGraph(ofGroup, { signal }),
      ]);
      return impactGraph(services, counted.Services, at - range.StartTime);
    },
    { freshMillis: 60_000 },
  );
  const graph = query.value;
  return (
    <Panel state={stateOf(query, graph?.nodes.size === 0 ? NOTHING : undefined)}>
      {graph && <Drawn graph={graph} {...props} />}
    </Panel>
  );
}

const NOTHING: PanelState = {
  kind: "empty",
  title: "No faulty trace until then",
  detail: "The map is made of traces in which something failed.",
};

function Drawn({ graph, insight, anomalous }: { graph: Graph } & Parameters<typeof ImpactMap>[0]) {
  const root = insight.RootCauseServiceId;
  const names = JSON.stringify([root, anomalous]);
  const highlights = useMemo(() => {
    const marked = anomalous.flatMap(one => (one ? [[idOf(one), "anomalous"] as const] : []));
    return new Map([...marked, ...(root ? [[idOf(root), "root cause"] as const] : [])]);
  }, [names]);
  const { node } = address.value.params;
  const id = node && nodeIdOf(node);
  const known = id === undefined ? undefined : graph.nodes.get(id);
  return (
    <>
      <div class={styles.map}>
        <ServiceGraph
          graph={graph}
          label="Impact map, from clients to the root cause"
          highlights={highlights}
          selected={known && { kind: "node", id: known.id }}
          onSelect={target => {
            const next = target?.kind === "node" ? graph.nodes.get(target.id) : undefined;
            adjust({ params: { node: next && identityOf(next) } });
          }}
        />
      </div>
      <p class={styles.caption} role="status">
        {known ? (
          <>
            <b>{visible(known.name, 100)}</b>: {formatCount(known.counts.fault)} of{" "}
            {formatCount(known.counts.total)} requests failed,{" "}
            {formatShare(known.counts.fault, known.counts.total)}.{" "}
            <a
              href={hrefOf({
                route: { page: "traces" },
                params: {
                  ...incidentParams(insight),
                  filter: faultFilter({ Name: known.name, Type: known.type }),
                },
              })}
            >
              Faulty traces
            </a>
          </>
        ) : (
          "Choose a service for its numbers and traces."
        )}
      </p>
    </>
  );
}

const idOf = ({ Name, Type, AccountId }: ServiceId): string =>
  nodeIdOf({ name: Name, type: Type, account: AccountId });
