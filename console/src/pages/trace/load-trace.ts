/** The table of a trace: from the compact form where the server has it, else from its documents. */
import { batchGetTrace } from "../../api/batch-get-traces";
import { ApiError } from "../../api/client";
import { getTraceBytes } from "../../api/get-trace";
import type { TraceTable } from "../../model/trace/table";
import { mark } from "../../shell/marks";
import { isLarge, readTrace, type TraceSource } from "./read-trace";

export interface LoadedTrace {
  table: TraceTable;
  /** The server has the console's own operations for traces; without them all comes from the documents. */
  hasConsoleApi: boolean;
}

/** Undefined: the server has no such trace. */
export async function loadTrace(id: string, signal: AbortSignal): Promise<LoadedTrace | undefined> {
  const compact = await compactSource(id, signal);
  const source = compact ?? (await documentSource(id, signal));
  mark("data");
  if (!source) return undefined;
  const table = isLarge(source) ? await readInWorker(source, signal) : readTrace(source);
  mark("model");
  return { table, hasConsoleApi: compact !== undefined };
}

async function compactSource(id: string, signal: AbortSignal): Promise<TraceSource | undefined> {
  try {
    return { kind: "compact", id, bytes: await getTraceBytes(id, { signal }) };
  } catch (cause) {
    // Unknown to another server may be the trace or the path: the documents decide.
    if (cause instanceof ApiError && (cause.status === 404 || cause.status === 405)) return undefined;
    throw cause;
  }
}

async function documentSource(id: string, signal: AbortSignal): Promise<TraceSource | undefined> {
  const trace = await batchGetTrace(id, { signal });
  if (!trace) return undefined;
  const documents = trace.Segments.map(segment => segment.Document);
  return { kind: "documents", id, limitExceeded: trace.LimitExceeded, documents };
}

function readInWorker(source: TraceSource, signal: AbortSignal): Promise<TraceTable> {
  const worker = new Worker(new URL("./trace-worker.ts", import.meta.url), { type: "module" });
  return new Promise<TraceTable>((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    worker.onmessage = (event: MessageEvent<{ table?: TraceTable; failure?: string }>) => {
      if (event.data.table) resolve(event.data.table);
      else reject(new Error(event.data.failure));
    };
    worker.onerror = () => reject(new Error("the trace could not be read"));
    worker.postMessage(source, source.kind === "compact" ? [source.bytes] : []);
  }).finally(() => worker.terminate());
}
