/** The trace map (spec console.md 6.1). */
import { useEffect, useMemo, useState } from "preact/hooks";
import { getServer } from "../../api/server";
import { Button } from "../../components/button/button";
import { lazy } from "../../components/lazy/lazy";
import { Panel, type PanelState, stateOf } from "../../components/panel/panel";
import type { Target } from "../../components/service-graph/scene";
import { ServiceGraph } from "../../components/service-graph/service-graph";
import { useQuery } from "../../components/use-query";
import { formatAge, formatCount } from "../../model/format";
import { edgeIdOf, type Graph, identityOf, nodeIdOf } from "../../model/graph/graph";
import { grouped, shownPart } from "../../model/graph/shown";
import { useKeys } from "../../shell/keys";
import { mark } from "../../shell/marks";
import { address, adjust, go, hrefOf } from "../../shell/navigation";
import { preferences } from "../../shell/preferences";
import { now, shownWindow } from "../../shell/time";
import { type LoadedGraph, loadGraph } from "./load-graph";
import { MapToolbar } from "./map-toolbar";
import { changePins, mapOptions, pinsOf } from "./options";
import styles from "./trace-map.module.css";
import { useInsightMarks } from "./use-insight-marks";

/** Beyond so many nodes they are drawn by type; beyond the ceiling not at all. */
const GROUPED_FROM = 1_000;
const NODES_MAX = 10_000;
const PREFETCH_AFTER_MILLIS = 500;

// The picture needs neither; they are fetched while nothing else is to do.
const MapPanel = lazy(() => import("./map-panel").then(module => module.MapPanel));
const MapTables = lazy(() => import("./map-tables").then(module => module.MapTables));

export default function TraceMap() {
  const { params } = address.value;
  const window = shownWindow.value;
  const key = `service graph ${params.group ?? ""} ${window.start} ${window.end}`;
  const query = useQuery(key, signal => loadGraph(window, params.group, signal));
  const isEmpty = query.value !== undefined && query.value.graph.nodes.size === 0;
  const empty = useEmptyState(isEmpty);
  const state = stateOf(query, empty ?? tooLarge(query.value));
  if (state.kind !== "ready" || !query.value) {
    return (
      <div class={styles.page}>
        <Panel state={state.kind === "ready" ? { kind: "loading" } : state} />
      </div>
    );
  }
  return <LoadedMap loaded={query.value} stale={state.stale} />;
}

function LoadedMap({ loaded, stale }: { loaded: LoadedGraph; stale: preact.ComponentChildren }) {
  const { params } = address.value;
  const { pages: settings, edges } = preferences.value;
  const options = useMemo(mapOptions, [settings["trace-map.options"], edges]);
  const pins = useMemo(() => pinsOf(params.group), [settings["trace-map.pins"], params.group]);
  const [epoch, setEpoch] = useState(0);
  const [hops, setHops] = useState(0);
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const selected = selectedTarget(loaded.graph);
  const focus = hops > 0 && selected?.kind === "node" ? selected.id : undefined;
  const { graph, by } = useMemo(() => {
    const part = shownPart(
      loaded.graph,
      { ...options, focus: focus === undefined ? undefined : { id: focus, hops } },
      options.thresholds,
    );
    const by =
      options.groupBy === "none" && part.nodes.size > GROUPED_FROM ? ("type" as const) : options.groupBy;
    return { graph: grouped(part, by, expanded), by };
  }, [loaded.graph, options, focus, hops, expanded]);
  const marks = useInsightMarks(params.group);
  const isTable = params.view === "table";
  const toggleTable = () => adjust({ params: { view: isTable ? undefined : "table" } });
  const select = (target: Target | undefined) => go({ params: selectionParams(loaded.graph, target) });
  useKeys("Trace map", [
    {
      keys: "v",
      does: "map or table",
      run: () => {
        toggleTable();
        return true;
      },
    },
  ]);
  const open = (id: string) => {
    if (!graph.nodes.get(id)?.members) return;
    setExpanded(before => new Set([...before, id]));
  };
  return (
    <div class={styles.page}>
      <MapToolbar
        graph={graph}
        all={loaded.graph}
        options={options}
        isTable={isTable}
        onTable={toggleTable}
        hops={hops}
        onHops={selected?.kind === "node" ? setHops : undefined}
        onFind={id => select({ kind: "node", id })}
        expanded={expanded.size > 0 ? () => setExpanded(new Set()) : undefined}
        onReset={() => {
          changePins(params.group, new Map());
          setEpoch(count => count + 1);
        }}
        hasPins={pins.size > 0}
      />
      {stale && <p class={styles.stale}>{stale}</p>}
      {loaded.hasOldVersions && (
        <p class={styles.note}>Some traces joined this group by an earlier version of its expression.</p>
      )}
      <div class={styles.body}>
        {isTable ? (
          <MapTables graph={graph} selected={selected} onSelect={select} thresholds={options.thresholds} />
        ) : graph.nodes.size === 0 ? (
          <Panel fill state={NOTHING_LEFT} />
        ) : (
          <ServiceGraph
            graph={graph}
            label={`Trace map: ${formatCount(graph.nodes.size)} nodes, ${formatCount(graph.edges.size)} edges`}
            selected={selected}
            onSelect={select}
            onOpen={open}
            options={options}
            highlights={marks}
            pins={pins}
            onPin={(id, place) => changePins(params.group, new Map([...pins, [id, place]]))}
            epoch={epoch}
            part={[params.group, focus, hops, options.errorsOnly, options.hide, by, expanded.size].join("\n")}
            onDrawn={() => {
              mark("paint");
              setTimeout(MapPanel.prefetch, PREFETCH_AFTER_MILLIS);
            }}
          />
        )}
        {selected && <MapPanel loaded={loaded} target={selected} onSelect={select} />}
      </div>
    </div>
  );
}

const NOTHING_LEFT: PanelState = {
  kind: "empty",
  title: "Nothing is left to show",
  detail: "The switches of the map hide all its nodes: errors only, hidden names, client nodes.",
};

function tooLarge(loaded: LoadedGraph | undefined): PanelState | undefined {
  if (!loaded || loaded.graph.nodes.size <= NODES_MAX) return undefined;
  return {
    kind: "empty",
    title: `${formatCount(loaded.graph.nodes.size)} nodes are too many for a map`,
    detail: `Up to ${formatCount(NODES_MAX)} can be drawn. Choose a group or a shorter range.`,
  };
}

/** What the address selects, if the graph has it. */
function selectedTarget(graph: Graph): Target | undefined {
  const { node, edge } = address.value.params;
  if (node) {
    const id = nodeIdOf(node);
    return graph.nodes.has(id) ? { kind: "node", id } : undefined;
  }
  if (!edge) return undefined;
  const [from, to] = edge.map(nodeIdOf);
  const ids = [false, true].map(isLink => edgeIdOf(from ?? "", to ?? "", isLink));
  const id = ids.find(id => graph.edges.has(id));
  return id === undefined ? undefined : { kind: "edge", id };
}

function selectionParams(graph: Graph, target: Target | undefined) {
  const none = { node: undefined, edge: undefined, rt: undefined };
  if (target?.kind === "node") {
    const node = graph.nodes.get(target.id);
    return node ? { ...none, node: identityOf(node) } : none;
  }
  const edge = target && graph.edges.get(target.id);
  const from = edge && graph.nodes.get(edge.from);
  const to = edge && graph.nodes.get(edge.to);
  return from && to
    ? {
        ...none,
        edge: [identityOf(from), identityOf(to)] as [
          ReturnType<typeof identityOf>,
          ReturnType<typeof identityOf>,
        ],
      }
    : none;
}

/** Why there is nothing, and the way to where there is something. */
function useEmptyState(isEmpty: boolean): PanelState | undefined {
  const server = useQuery(isEmpty ? "server" : undefined, signal => getServer({ signal }));
  useEffect(() => {
    if (isEmpty) mark("paint");
  }, [isEmpty]);
  if (!isEmpty) return undefined;
  const storage = server.value?.storage;
  if (storage && !storage.hasTraces) {
    return {
      kind: "empty",
      title: "No trace has arrived yet",
      detail: "Point an X-Ray SDK, the daemon port or OpenTelemetry at this server, or send a sample trace.",
      action: (
        <a class={styles.primaryLink} href={hrefOf({ route: { page: "getting-started" } })}>
          Getting started
        </a>
      ),
    };
  }
  const newest = storage?.newestTraceUnixNanos;
  const newestMillis = newest === undefined ? undefined : Number(BigInt(newest) / 1_000_000n);
  return {
    kind: "empty",
    title: "Nothing in this range",
    detail:
      newestMillis === undefined
        ? "Choose a longer range or another group."
        : `The newest trace is of ${formatAge(newestMillis, now.value)}.`,
    action: newestMillis !== undefined && (
      <Button look="primary" onClick={() => go({ params: { timeRange: around(newestMillis) } })}>
        Go there
      </Button>
    ),
  };
}

const around = (millis: number) => ({
  kind: "absolute" as const,
  start: Math.floor(millis / 60_000) * 60_000 - 14 * 60_000,
  end: Math.floor(millis / 60_000) * 60_000 + 60_000,
});
