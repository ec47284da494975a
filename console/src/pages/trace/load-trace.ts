/** The table of a trace: from the compact form where the server has it, else from its documents. */
import { batchGetTrace } from "../../api/batch-get-traces";
import { ApiError } from "../../api/client";
import { getTraceBytes } from "../../api/get-trace";
import { arrange } from "../../model/trace/arrange";
import { draftFromDocuments } from "../../model/trace/from-documents";
import type { TraceTable } from "../../model/trace/table";
import { mark } from "../../shell/marks";
import { parseDocument } from "./parse-document";
import { BYTES_MAX_IN_PAGE, type CompactBytes, readCompact } from "./read-compact";

export interface LoadedTrace {
  table: TraceTable;
  /** The server has the console's own operations for traces; without them all comes from the documents. */
  hasConsoleApi: boolean;
}

/** Undefined: the server has no such trace. */
export async function loadTrace(id: string, signal: AbortSignal): Promise<LoadedTrace | undefined> {
  const compact = await compactBytes(id, signal);
  const table = compact ? await fromCompact(compact, signal) : await fromDocuments(id, signal);
  mark("model");
  return table && { table, hasConsoleApi: compact !== undefined };
}

async function compactBytes(id: string, signal: AbortSignal): Promise<CompactBytes | undefined> {
  try {
    return { id, bytes: await getTraceBytes(id, { signal }) };
  } catch (cause) {
    // Unknown to another server may be the trace or the path: the documents decide.
    if (cause instanceof ApiError && (cause.status === 404 || cause.status === 405)) return undefined;
    throw cause;
  }
}

async function fromCompact(source: CompactBytes, signal: AbortSignal): Promise<TraceTable> {
  mark("data");
  return source.bytes.byteLength > BYTES_MAX_IN_PAGE ? readInWorker(source, signal) : readCompact(source);
}

/** In the page whatever their size: servers without the compact form keep 500 kB of a trace. */
async function fromDocuments(id: string, signal: AbortSignal): Promise<TraceTable | undefined> {
  const trace = await batchGetTrace(id, { signal });
  mark("data");
  if (!trace) return undefined;
  const documents = trace.Segments.map(segment => parseDocument(segment.Document));
  return arrange(draftFromDocuments({ id, limitExceeded: trace.LimitExceeded, documents }));
}

function readInWorker(source: CompactBytes, signal: AbortSignal): Promise<TraceTable> {
  const worker = new Worker(new URL("./trace-worker.ts", import.meta.url), { type: "module" });
  return new Promise<TraceTable>((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    worker.onmessage = (event: MessageEvent<{ table?: TraceTable; failure?: string }>) => {
      if (event.data.table) resolve(event.data.table);
      else reject(new Error(event.data.failure));
    };
    worker.onerror = () => reject(new Error("the trace could not be read"));
    worker.postMessage(source, [source.bytes]);
  }).finally(() => worker.terminate());
}
