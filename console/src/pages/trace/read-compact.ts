/** From the bytes of the compact form to the table of a trace: in the page, or in the worker when there is much to do. */
import { compactTrace } from "../../api/compact-trace";
import { arrange } from "../../model/trace/arrange";
import { draftFromCompact } from "../../model/trace/from-compact";
import type { TraceTable } from "../../model/trace/table";

export interface CompactBytes {
  id: string;
  bytes: ArrayBuffer;
}

/** Larger answers are read in the worker: about 5,000 rows. */
export const BYTES_MAX_IN_PAGE = 600_000;

export function readCompact({ id, bytes }: CompactBytes): TraceTable {
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const answer = compactTrace(json, "");
  return arrange(draftFromCompact({ ...answer, id, ids: answer.id }));
}
