/** `/api/v1/traces/<id>` and what hangs below it (docs/console-api.md): a trace in columns, one segment, downloads. */
import { array, number, optional, type Read, shape, string, unknown, withDefault } from "./check";
import { type CallOptions, downloadUrl, get, getBytes } from "./client";

/** Unread: large ones are parsed in a worker. */
export const getTraceBytes = (id: string, options: CallOptions = {}): Promise<ArrayBuffer> =>
  getBytes(`api/v1/traces/${encodeURIComponent(id)}`, options);

const link = shape({ traceId: string, segmentId: withDefault(string, "") });

const segment = shape({
  merged: unknown,
  parentId: optional(string),
  segmentId: optional(string),
  documents: withDefault(
    array(shape({ receivedUnixNanos: optional(string), bytes: withDefault(number, 0), document: unknown })),
    [],
  ),
  links: optional(shape({ out: withDefault(array(link), []) })),
});

export type TraceSegment = Read<typeof segment>;

export const getTraceSegment = (
  id: string,
  segmentId: string,
  options: CallOptions = {},
): Promise<TraceSegment> =>
  get(`api/v1/traces/${encodeURIComponent(id)}/segments/${encodeURIComponent(segmentId)}`, segment, options);

export type TraceDownload = "documents.json" | "otlp.json";

export const traceDownloadUrl = (id: string, kind: TraceDownload): string =>
  downloadUrl(`api/v1/traces/${encodeURIComponent(id)}/${kind}`);
