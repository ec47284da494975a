/** How a trace is looked at, as the address says it under `view`: `errors,critical,service:api`. */
import { NO_FILTER, type RowFilter } from "../../model/trace/rows";

export interface Variant {
  filter: RowFilter;
  /** Everything but the critical path is dimmed. */
  dimsOthers: boolean;
  /** Callees are drawn within their calls. */
  isAligned: boolean;
}

export const PLAIN: Variant = { filter: NO_FILTER, dimsOthers: false, isAligned: false };

const SERVICE = "service:";

/** Never fails: what is not known is left out. */
export function parseVariant(text: string | undefined): Variant {
  const words = (text ?? "").split(",");
  const service = words.find(word => word.startsWith(SERVICE))?.slice(SERVICE.length);
  return {
    filter: {
      errors: words.includes("errors"),
      remote: words.includes("remote"),
      critical: words.includes("critical"),
      service: service === undefined ? undefined : decode(service),
    },
    dimsOthers: words.includes("dim"),
    isAligned: words.includes("aligned"),
  };
}

export function formatVariant({ filter, dimsOthers, isAligned }: Variant): string | undefined {
  const words = [
    filter.errors && "errors",
    filter.remote && "remote",
    filter.critical && "critical",
    filter.service !== undefined && `${SERVICE}${encodeURIComponent(filter.service)}`,
    dimsOthers && "dim",
    isAligned && "aligned",
  ].filter(Boolean);
  return words.length > 0 ? words.join(",") : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
