/** `BatchGetTraces` (spec api.md) for downloads: the traces as the server sends them, unread. */
import { array, optional, type Read, shape, string, unknown, withDefault } from "./check";
import { type CallOptions, downloadUrl, post } from "./client";

const answer = shape({ Traces: withDefault(array(unknown), []), NextToken: optional(string) });

/** Traces of one call, as AWS limits it. */
const BATCH = 5;

/** The objects of `BatchGetTraces`; a trace of many documents may be told in several of them. */
export async function getTraceDocuments(
  ids: readonly string[],
  options: CallOptions = {},
): Promise<unknown[]> {
  const traces: unknown[] = [];
  for (let at = 0; at < ids.length; at += BATCH) {
    let next: string | undefined;
    do {
      const body = { TraceIds: ids.slice(at, at + BATCH), ...(next ? { NextToken: next } : {}) };
      const page: Read<typeof answer> = await post("Traces", body, answer, options);
      traces.push(...page.Traces);
      next = page.NextToken;
    } while (next !== undefined);
  }
  return traces;
}

/** Where the documents of one trace are downloaded. */
export const documentsUrl = (id: string): string => downloadUrl(`api/v1/traces/${id}/documents.json`);
