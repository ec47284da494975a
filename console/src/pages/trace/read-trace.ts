/** From the bytes of an answer to the table of a trace: done in the page, or in the worker when there is much to do. */
import { compactTrace } from "../../api/compact-trace";
import { arrange } from "../../model/trace/arrange";
import { draftFromCompact } from "../../model/trace/from-compact";
import { draftFromDocuments } from "../../model/trace/from-documents";
import type { TraceTable } from "../../model/trace/table";

export type TraceSource =
  /** The console API's compact form, unread. */
  | { kind: "compact"; id: string; bytes: ArrayBuffer }
  /** Documents of `BatchGetTraces`, unread. */
  | { kind: "documents"; id: string; limitExceeded: boolean; documents: string[] };

export function readTrace(source: TraceSource): TraceTable {
  if (source.kind === "compact") {
    const json: unknown = JSON.parse(new TextDecoder().decode(source.bytes));
    const answer = compactTrace(json, "");
    return arrange(draftFromCompact({ ...answer, id: source.id, ids: answer.id }));
  }
  const documents = source.documents.map(parseDocument);
  return arrange(draftFromDocuments({ id: source.id, limitExceeded: source.limitExceeded, documents }));
}

/** A document that is no JSON is left out: its neighbours are not. */
export function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Larger answers are read in the worker: about 5,000 rows. */
const BYTES_MAX_IN_PAGE = 600_000;

export const isLarge = (source: TraceSource): boolean =>
  (source.kind === "compact"
    ? source.bytes.byteLength
    : source.documents.reduce((sum, text) => sum + text.length, 0) / 4) > BYTES_MAX_IN_PAGE;
