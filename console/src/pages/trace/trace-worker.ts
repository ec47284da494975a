/** Reads large traces beside the page, so that it stays responsive. */
import { transferables } from "../../model/trace/table";
import { readTrace, type TraceSource } from "./read-trace";

addEventListener("message", (event: MessageEvent<TraceSource>) => {
  try {
    const table = readTrace(event.data);
    postMessage({ table }, { transfer: transferables(table) });
  } catch (cause) {
    postMessage({ failure: cause instanceof Error ? cause.message : String(cause) });
  }
});
