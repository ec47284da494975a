/** One trace (spec console.md 6.3): header, timeline, map or raw documents, and the panel of a segment. */
import { useEffect, useRef } from "preact/hooks";
import { lazy } from "../../components/lazy/lazy";
import { Panel, type PanelState, stateOf } from "../../components/panel/panel";
import { type Tab, Tabs } from "../../components/tabs/tabs";
import { useQuery } from "../../components/use-query";
import type { TraceTable } from "../../model/trace/table";
import { address, adjust, hrefOf } from "../../shell/navigation";
import { usePageSubject } from "../../shell/title";
import type { TraceView } from "../../url/address";
import { toW3c } from "../../url/trace-id";
import { Banners } from "./banners";
import { Header, headline } from "./header";
import { type LoadedTrace, loadTrace } from "./load-trace";
import { RootCause } from "./root-cause";
import { TimelinePage } from "./timeline-page";
import styles from "./trace.module.css";

/** How often a trace in progress is read again; after so many times without news, more rarely. */
const OPEN_MILLIS = 2_000;
const QUIET_TIMES_MAX = 30;
const QUIET_MILLIS = 30_000;

// The timeline needs neither.
const MapView = lazy(() => import("./map-view").then(module => module.MapView));
const RawView = lazy(() => import("./raw-view").then(module => module.RawView));

const VIEWS: readonly Tab<TraceView>[] = [
  { id: "timeline", label: "Timeline" },
  { id: "map", label: "Map" },
  { id: "raw", label: "Raw" },
];

export default function Trace() {
  const { route } = address.value;
  return route.page === "trace" ? <OneTrace key={route.id} id={route.id} view={route.view} /> : null;
}

function OneTrace({ id, view }: { id: string; view: TraceView }) {
  const query = useQuery<LoadedTrace | undefined | "none">(`trace:${id}`, async signal => {
    return (await loadTrace(id, signal)) ?? "none";
  });
  const loaded = query.value === "none" ? undefined : query.value;
  const table = loaded?.table;
  useOpenRefresh(table, query.refresh);
  usePageSubject(table ? headline(table) : undefined);
  const choose = (next: TraceView) => adjust({ route: { page: "trace", id, view: next } });
  const state = stateOf(query, query.value === "none" ? unknownTrace(id) : undefined);
  const views = (
    <div class={styles.views}>
      <Tabs label="Views of the trace" tabs={VIEWS} chosen={view} onChoose={choose} />
    </div>
  );
  return (
    <div class={styles.page}>
      <Panel state={state} fill>
        {loaded && table && (
          <>
            <Header table={table} hasConsoleApi={loaded.hasConsoleApi} />
            <RootCause table={table} />
            <Banners table={table} />
            {view === "raw" && <RawView table={table} hasConsoleApi={loaded.hasConsoleApi} views={views} />}
            {view === "map" && (
              <>
                <div class={styles.toolbar}>{views}</div>
                <MapView loaded={loaded} />
              </>
            )}
            {view === "timeline" && <TimelinePage loaded={loaded} views={views} />}
          </>
        )}
      </Panel>
    </div>
  );
}

function unknownTrace(id: string): PanelState {
  return {
    kind: "empty",
    title: "No trace has this id",
    detail: (
      <ul class={styles.checks}>
        <li>
          <code>{id}</code>, or as W3C writes it <code>{toW3c(id)}</code>
        </li>
        <li>It may not have arrived yet: daemons send batches about once a second.</li>
        <li>The request may not have been sampled; a header with Sampled=1 is recorded in any case.</li>
        <li>It may be older than the retention, or belong to another account.</li>
      </ul>
    ),
    action: (
      <>
        <a href={hrefOf({ route: { page: "traces" } })}>All traces</a>
        <a href={hrefOf({ route: { page: "sampling" } })}>Sampling rules</a>
        <a href={hrefOf({ route: { page: "daemons" } })}>Daemons: what was received and rejected</a>
      </>
    ),
  };
}

/** While something is in progress the trace is read again, as long as the page is seen. */
function useOpenRefresh(table: TraceTable | undefined, refresh: () => void): void {
  const quiet = useRef({ revision: -1, times: 0 });
  const isOpen = table !== undefined && table.counts.inProgress > 0;
  useEffect(() => {
    if (!isOpen) return undefined;
    let timer = 0;
    const next = () => {
      timer = window.setTimeout(
        () => {
          if (!document.hidden) refresh();
          next();
        },
        quiet.current.times > QUIET_TIMES_MAX ? QUIET_MILLIS : OPEN_MILLIS,
      );
    };
    next();
    return () => clearTimeout(timer);
  }, [isOpen]);
  useEffect(() => {
    if (!table) return;
    const isSame = table.revision === quiet.current.revision;
    quiet.current = { revision: table.revision, times: isSame ? quiet.current.times + 1 : 0 };
  }, [table]);
}
