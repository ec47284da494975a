/** `GetTraceGraph` (spec api.md; service-graph.md 6), for one trace. */
import { optional, type Read, shape, string } from "./check";
import { type CallOptions, post } from "./client";
import { services, type WireService } from "./get-service-graph";

const answer = shape({ Services: optional(services), NextToken: optional(string) });

/** All pages. */
export async function getTraceGraph(id: string, options: CallOptions = {}): Promise<WireService[]> {
  const all: WireService[] = [];
  let next: string | undefined;
  do {
    const body = next === undefined ? { TraceIds: [id] } : { TraceIds: [id], NextToken: next };
    const page: Read<typeof answer> = await post("TraceGraph", body, answer, options);
    all.push(...(page.Services ?? []));
    next = page.NextToken;
  } while (next !== undefined);
  return all;
}
