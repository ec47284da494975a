/** What documents say beyond the rows, for the search: annotations, metadata, exceptions, statements. */
import { useEffect } from "preact/hooks";
import { batchGetTrace } from "../../api/batch-get-traces";
import { entitiesOf } from "../../model/trace/from-documents";
import { parseDocument } from "./parse-document";
import type { Timeline } from "./timeline/state";

/** Traces with more rows are searched by what the rows show. */
const ROWS_MAX = 5_000;
const MEMBERS = ["annotations", "metadata", "cause", "sql", "aws", "http", "user", "links"] as const;

/** Reads the documents once, when something is looked for. */
export function useFullText(timeline: Timeline, isWanted: boolean): void {
  const table = timeline.table.value;
  useEffect(() => {
    if (!isWanted || table.count > ROWS_MAX) return undefined;
    const abort = new AbortController();
    batchGetTrace(table.id, { signal: abort.signal })
      .then(trace => {
        const documents = (trace?.Segments ?? []).map(segment => parseDocument(segment.Document));
        timeline.fullText.value = fullTextOf(documents);
      })
      // The search goes on over what the rows show.
      .catch(() => undefined);
    return () => abort.abort();
  }, [isWanted, table]);
}

export function fullTextOf(documents: unknown[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { id, json, isAlive } of entitiesOf(documents)) {
    if (!isAlive || json.inferred === true) continue;
    const parts = MEMBERS.filter(member => json[member] !== undefined).map(member => json[member]);
    if (parts.length > 0) texts.set(id, JSON.stringify(parts).toLowerCase());
  }
  return texts;
}
