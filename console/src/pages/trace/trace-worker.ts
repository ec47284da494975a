/** Reads large traces beside the page, so that it stays responsive. */
import { transferables } from "../../model/trace/table";
import { type CompactBytes, readCompact } from "./read-compact";

addEventListener("message", (event: MessageEvent<CompactBytes>) => {
  try {
    const table = readCompact(event.data);
    postMessage({ table }, { transfer: transferables(table) });
  } catch (cause) {
    postMessage({ failure: cause instanceof Error ? cause.message : String(cause) });
  }
});
