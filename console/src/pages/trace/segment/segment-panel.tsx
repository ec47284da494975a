/** What a segment or subsegment says (spec console.md 6.3.2): one tab each for what there is, none for what is not. */
import { useMemo } from "preact/hooks";
import { CopyButton } from "../../../components/copy-button/copy-button";
import { Panel, stateOf } from "../../../components/panel/panel";
import { SidePanel } from "../../../components/side-panel/side-panel";
import { type Tab, Tabs } from "../../../components/tabs/tabs";
import { useQuery } from "../../../components/use-query";
import { visible } from "../../../model/format";
import { hueColour } from "../../../model/trace/hue";
import { isSynthetic, type TraceTable, textOf } from "../../../model/trace/table";
import { useKeys } from "../../../shell/keys";
import { address, adjust } from "../../../shell/navigation";
import type { LoadedTrace } from "../load-trace";
import { nameOf } from "../timeline/row-text";
import { AnnotationsTab, MetadataTab } from "./data-tabs";
import { ExceptionsTab } from "./exceptions-tab";
import { GroupTab } from "./group-tab";
import { loadSegment, type SegmentDetail, type TabId, tabsOf } from "./load-segment";
import { OverviewTab } from "./overview-tab";
import { RawTab } from "./raw-tab";
import { ResourcesTab } from "./resources-tab";
import styles from "./segment.module.css";
import { SqlTab } from "./sql-tab";

const LABELS: Record<TabId, string> = {
  overview: "Overview",
  resources: "Resources",
  annotations: "Annotations",
  metadata: "Metadata",
  exceptions: "Exceptions",
  sql: "SQL",
  raw: "Raw",
};

export interface TabProps {
  table: TraceTable;
  row: number;
  detail: SegmentDetail;
}

export function SegmentPanel(props: {
  loaded: LoadedTrace;
  /** -1 if the trace has no such segment. */
  row: number;
  id: string;
  onClose: () => void;
}) {
  const { loaded, row, id, onClose } = props;
  const { table } = loaded;
  if (row < 0) {
    return (
      <SidePanel label="Segment" title="Segment" onClose={onClose}>
        <Panel
          state={{
            kind: "empty",
            title: "The trace has no such segment",
            detail: `${visible(id, 60)} may not have arrived yet.`,
          }}
        />
      </SidePanel>
    );
  }
  if (isSynthetic(table, row)) {
    return (
      <SidePanel label="Rows" title={nameOf(table, row)} onClose={onClose}>
        <GroupTab table={table} row={row} />
      </SidePanel>
    );
  }
  return <OneSegment loaded={loaded} row={row} onClose={onClose} />;
}

function OneSegment({ loaded, row, onClose }: { loaded: LoadedTrace; row: number; onClose: () => void }) {
  const { table } = loaded;
  const id = table.ids[row] as string;
  const query = useQuery(`segment:${table.id}:${id}:${table.revision}`, signal =>
    loadSegment(loaded, id, signal),
  );
  // While the next one loads, what is shown is of the one before: its tabs stay, so that nothing jumps.
  const detail = query.value;
  const tabs = useMemo(() => (detail ? tabsOf(detail) : (["overview"] as TabId[])), [detail]);
  const wanted = address.value.params.tab;
  const chosen = tabs.find(tab => tab === wanted) ?? "overview";
  const choose = (tab: TabId) => adjust({ params: { tab: tab === "overview" ? undefined : tab } });
  useTabKeys(tabs, choose);
  const service = textOf(table, table.service, row) || textOf(table, table.name, row);
  return (
    <SidePanel
      label="Segment"
      title={
        <>
          <span class={styles.hue} style={{ background: hueColour(service) }} />
          {nameOf(table, row)}
        </>
      }
      actions={<CopyButton label="Copy id" text={id} />}
      header={
        <Tabs
          label="Details"
          tabs={tabs.map((tab): Tab<TabId> => ({ id: tab, label: LABELS[tab] }))}
          chosen={chosen}
          onChoose={choose}
          controls="segment-details"
        />
      }
      onClose={onClose}
    >
      <div id="segment-details" role="tabpanel" aria-label={LABELS[chosen]} class={styles.tab}>
        <Panel state={stateOf(query)}>
          {detail && <TabContent tab={chosen} table={table} row={row} detail={detail} />}
        </Panel>
      </div>
    </SidePanel>
  );
}

function TabContent({ tab, ...rest }: TabProps & { tab: TabId }) {
  switch (tab) {
    case "overview":
      return <OverviewTab {...rest} />;
    case "resources":
      return <ResourcesTab {...rest} />;
    case "annotations":
      return <AnnotationsTab {...rest} />;
    case "metadata":
      return <MetadataTab {...rest} />;
    case "exceptions":
      return <ExceptionsTab {...rest} />;
    case "sql":
      return <SqlTab {...rest} />;
    case "raw":
      return <RawTab {...rest} />;
  }
}

/** 1…9 choose a tab. */
function useTabKeys(tabs: readonly TabId[], choose: (tab: TabId) => void): void {
  const bindings = tabs.map((tab, index) => ({
    keys: String(index + 1),
    does: LABELS[tab],
    run: () => {
      choose(tab);
      return true;
    },
  }));
  useKeys("Segment", bindings);
}
