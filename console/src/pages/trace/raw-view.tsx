/** The trace as `BatchGetTraces` gives it: pretty, searchable, to copy and to download. */
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { batchGetTrace, type WireTrace } from "../../api/batch-get-traces";
import { traceDownloadUrl } from "../../api/get-trace";
import { Button } from "../../components/button/button";
import { CopyButton } from "../../components/copy-button/copy-button";
import { Panel, stateOf } from "../../components/panel/panel";
import { useQuery } from "../../components/use-query";
import { VirtualList } from "../../components/virtual-list/virtual-list";
import { formatBytes, formatCount } from "../../model/format";
import type { TraceTable } from "../../model/trace/table";
import { address, adjust } from "../../shell/navigation";
import { JsonLine } from "./json-line";
import { parseDocument } from "./parse-document";
import styles from "./trace.module.css";

const LINE_HEIGHT = 19;

export function RawView(props: {
  table: TraceTable;
  hasConsoleApi: boolean;
  /** The choice of views, at the beginning of the line. */
  views: ComponentChildren;
}) {
  const { table, hasConsoleApi } = props;
  const [isPretty, setPretty] = useState(true);
  const [active, setActive] = useState<number>();
  const query = useQuery(`documents:${table.id}:${table.revision}`, signal =>
    batchGetTrace(table.id, { signal }),
  );
  const text = useMemo(() => (query.value ? printed(query.value, isPretty) : ""), [query.value, isPretty]);
  const lines = useMemo(() => text.split("\n"), [text]);
  const wanted = (address.value.params.q ?? "").trim().toLowerCase();
  const found = useMemo(() => matchesIn(lines, wanted), [lines, wanted]);
  const at = active === undefined ? -1 : found.indexOf(active);
  const move = (step: number) => {
    const next = found[(at + step + found.length) % found.length];
    if (next !== undefined) setActive(next);
  };
  return (
    <>
      <div class={styles.toolbar}>
        {props.views}
        <div class={styles.search}>
          <input
            type="search"
            aria-label="Search in the documents"
            placeholder="Search in the documents"
            spellcheck={false}
            value={address.value.params.q ?? ""}
            onInput={event => adjust({ params: { q: event.currentTarget.value || undefined } })}
            onKeyDown={event => {
              if (event.key !== "Enter") return;
              move(event.shiftKey ? -1 : 1);
              event.preventDefault();
            }}
          />
          {wanted !== "" && (
            <span class={styles.found} role="status">
              {found.length === 0 ? "none" : `${at + 1 || "–"}/${formatCount(found.length)}`}
            </span>
          )}
        </div>
        <div class={styles.looks}>
          <span class={styles.muted}>
            {formatCount(lines.length)} lines, {formatBytes(text.length)}
          </span>
          <Button look="quiet" aria-pressed={!isPretty} onClick={() => setPretty(!isPretty)}>
            As sent
          </Button>
          <CopyButton text={text} label="Copy all" />
          {hasConsoleApi && (
            <a href={traceDownloadUrl(table.id, "documents.json")} download={`${table.id}.documents.json`}>
              Download
            </a>
          )}
        </div>
      </div>
      <Panel state={stateOf(query)} fill>
        <VirtualList
          items={lines}
          label="Documents of the trace"
          role="listbox"
          rowHeight={LINE_HEIGHT}
          keyOf={(_, index) => index}
          active={active}
          onActive={setActive}
          row={(line, index) => <JsonLine text={line} number={index + 1} wanted={wanted} />}
        />
      </Panel>
    </>
  );
}

/** Pretty: documents as objects in their places; else the answer as it is, documents as texts. */
function printed(trace: WireTrace, isPretty: boolean): string {
  if (!isPretty) return JSON.stringify(trace, null, 2);
  const segments = trace.Segments.map(({ Id, Document }) => ({
    Id,
    Document: parseDocument(Document) ?? Document,
  }));
  return JSON.stringify({ ...trace, Segments: segments }, null, 2);
}

function matchesIn(lines: string[], wanted: string): number[] {
  if (wanted === "") return [];
  return lines.flatMap((line, index) => (line.toLowerCase().includes(wanted) ? [index] : []));
}
