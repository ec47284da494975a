/** The timeline with what steers it, and the panel of the chosen segment beside it. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { rowOf } from "../../model/trace/table";
import { useKeys } from "../../shell/keys";
import { address, adjust, go } from "../../shell/navigation";
import type { LoadedTrace } from "./load-trace";
import { SegmentPanel } from "./segment/segment-panel";
import { Timeline } from "./timeline/state";
import { TimelineView } from "./timeline/timeline";
import { Toolbar } from "./toolbar";
import styles from "./trace.module.css";
import { useFullText } from "./use-full-text";
import { formatVariant, parseVariant } from "./variant";

export function TimelinePage({ loaded, views }: { loaded: LoadedTrace; views: ComponentChildren }) {
  const { table } = loaded;
  const { segment, q, view } = address.value.params;
  const timeline = useMemo(() => start(loaded), []);
  useEffect(() => timeline.replace(table), [table]);
  useEffect(() => timeline.look(parseVariant(view)), [view]);
  useEffect(() => {
    timeline.query.value = q ?? "";
  }, [q]);
  useFullText(timeline, q !== undefined);
  // Links, and going back, choose a segment: it is brought into sight.
  useEffect(() => {
    const row = rowOf(timeline.table.value, segment);
    if (row >= 0 && row !== timeline.active.value) timeline.activate(row);
  }, [segment, table]);
  const open = (row: number) => {
    timeline.activate(row);
    const id = timeline.table.value.ids[row];
    if (segment === undefined) go({ params: { segment: id } });
    else adjust({ params: { segment: id } });
  };
  const move = (row: number) => {
    timeline.activate(row);
    if (segment !== undefined) adjust({ params: { segment: timeline.table.value.ids[row] } });
  };
  useKeys("Trace", [
    {
      keys: "c",
      does: "critical path: dim the rest",
      run: () => {
        const variant = parseVariant(address.value.params.view);
        adjust({ params: { view: formatVariant({ ...variant, dimsOthers: !variant.dimsOthers }) } });
        return true;
      },
    },
  ]);
  const row = rowOf(table, segment);
  return (
    <>
      <Toolbar timeline={timeline} onMove={move} views={views} />
      <div class={styles.beside}>
        <TimelineView timeline={timeline} onOpen={open} onMove={move} />
        {segment !== undefined && (
          <SegmentPanel
            loaded={loaded}
            row={row}
            id={segment}
            onClose={() => adjust({ params: { segment: undefined, tab: undefined } })}
          />
        )}
      </div>
    </>
  );
}

/** The address is obeyed from the first drawing on. */
function start({ table }: LoadedTrace): Timeline {
  const { segment, q, view } = address.value.params;
  const timeline = new Timeline(table);
  timeline.query.value = q ?? "";
  timeline.look(parseVariant(view));
  timeline.activate(Math.max(rowOf(table, segment), table.count > 0 ? 0 : -1));
  return timeline;
}
