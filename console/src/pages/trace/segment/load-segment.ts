/** What the panel shows of one (sub)segment: from the console's operation, or out of the documents without it. */
import { batchGetTrace } from "../../../api/batch-get-traces";
import { getTraceSegment } from "../../../api/get-trace";
import { entitiesOf, type Json, list, object, text } from "../../../model/trace/from-documents";
import type { LoadedTrace } from "../load-trace";
import { parseDocument } from "../parse-document";

export interface StoredDocument {
  /** Nanoseconds since the epoch, as text; undefined where the server does not tell. */
  receivedUnixNanos: string | undefined;
  bytes: number;
  document: unknown;
}

export interface Link {
  traceId: string;
  segmentId: string;
}

export interface SegmentDetail {
  id: string;
  merged: Json;
  parentId: string | undefined;
  /** As sent; none where the server does not tell. */
  documents: StoredDocument[];
  links: Link[];
}

export const TABS = ["overview", "resources", "annotations", "metadata", "exceptions", "sql", "raw"] as const;
export type TabId = (typeof TABS)[number];

/** Empty tabs are absent. */
export function tabsOf({ merged }: SegmentDetail): TabId[] {
  const has: Record<TabId, boolean> = {
    overview: true,
    resources:
      hasMembers(merged.aws) || text(merged.resource_arn) !== undefined || hasMembers(merged.service),
    annotations: hasMembers(merged.annotations),
    metadata: hasMembers(merged.metadata),
    exceptions: merged.cause !== undefined && merged.cause !== null,
    sql: hasMembers(merged.sql),
    raw: true,
  };
  return TABS.filter(tab => has[tab]);
}

const hasMembers = (value: unknown): boolean => Object.keys(object(value) ?? {}).length > 0;

export async function loadSegment(
  { table, hasConsoleApi }: LoadedTrace,
  id: string,
  signal: AbortSignal,
): Promise<SegmentDetail> {
  if (!hasConsoleApi) return fromDocuments(table.id, id, signal);
  const answer = await getTraceSegment(table.id, id, { signal });
  const merged = object(answer.merged) ?? {};
  return {
    id,
    merged,
    parentId: answer.parentId,
    documents: answer.documents,
    links: answer.links?.out ?? linksOf(merged),
  };
}

async function fromDocuments(traceId: string, id: string, signal: AbortSignal): Promise<SegmentDetail> {
  const trace = await batchGetTrace(traceId, { signal });
  const documents = (trace?.Segments ?? []).map(segment => parseDocument(segment.Document));
  const found = entitiesOf(documents).find(entity => entity.id === id && entity.isAlive);
  const merged = found?.json ?? {};
  return {
    id,
    merged,
    parentId: found?.parentId,
    documents: [],
    links: linksOf(merged),
  };
}

const linksOf = (merged: Json): Link[] =>
  list(merged.links).flatMap(item => {
    const link = object(item);
    const traceId = text(link?.trace_id);
    return traceId === undefined ? [] : [{ traceId, segmentId: text(link?.id) ?? "" }];
  });
