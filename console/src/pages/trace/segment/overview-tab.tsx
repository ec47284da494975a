import { StatusMark } from "../../../components/status-mark/status-mark";
import { formatBytes, formatMicros, formatTime, visible } from "../../../model/format";
import { type Json, number, object, statusOf, text } from "../../../model/trace/from-documents";
import {
  FLAG_ANY_ERROR,
  KIND_SEGMENT,
  KIND_SUBSEGMENT,
  rowOf,
  type TraceTable,
  textOf,
} from "../../../model/trace/table";
import { address, hrefOf } from "../../../shell/navigation";
import { readTraceId } from "../../../url/trace-id";
import { classWord, nameOf } from "../timeline/row-text";
import { Field, Fields } from "./fields";
import type { Link } from "./load-segment";
import styles from "./segment.module.css";
import type { TabProps } from "./segment-panel";

export function OverviewTab({ table, row, detail }: TabProps) {
  const { merged } = detail;
  const zone = address.value.params.tz;
  const duration = table.duration[row] as number;
  const http = object(merged.http);
  const [request, response] = [object(http?.request), object(http?.response)];
  const bytes = detail.documents.reduce((sum, document) => sum + document.bytes, 0);
  return (
    <>
      <Timing table={table} row={row} />
      <Fields>
        <Field name="Status">
          <Status table={table} row={row} merged={merged} />
        </Field>
        <Field name="Duration" value={duration < 0 ? "in progress" : formatMicros(duration)} />
        <Field name="Own time" value={formatMicros(table.own[row] as number)} />
        <Field
          name="Start"
          value={`${startText(table, row, zone)} (${formatMicros(table.start[row] as number)} into the trace)`}
        />
        {duration >= 0 && <Field name="End" value={endText(table, row, zone)} />}
        {table.isSkewed[row] === 1 && <Field name="Clock" value={skewText(table, row)} />}
        <Field name="Kind" value={kindText(table, row)} />
        <Field
          name="Service"
          value={table.kind[row] === KIND_SUBSEGMENT ? textOf(table, table.service, row) : ""}
        />
        <Field name="Origin" value={text(merged.origin) ?? textOf(table, table.origin, row)} />
        <Field name="Namespace" value={text(merged.namespace)} />
        <Field name="User" value={text(merged.user)} />
        <Field name="Id" value={detail.id} />
        <Parent table={table} row={row} parentId={detail.parentId ?? text(merged.parent_id)} />
        <Children table={table} row={row} />
      </Fields>
      {request && (
        <Fields title="Request">
          <Field name="Method" value={request.method} />
          <Field name="URL" value={request.url} />
          <Field name="Client" value={clientText(request)} />
          <Field name="User agent" value={request.user_agent} />
          <Field name="Traced" value={request.traced === true ? tracedText(table, row) : undefined} />
        </Fields>
      )}
      {response && (
        <Fields title="Response">
          <Field name="Status" value={response.status} />
          <Field name="Length" value={lengthText(response)} />
        </Fields>
      )}
      <Links links={detail.links} />
      {detail.documents.length > 0 && (
        <Fields title="Stored">
          <Field name="Documents" value={`${detail.documents.length}, ${formatBytes(bytes)}`} />
        </Fields>
      )}
    </>
  );
}

/** Where in the trace it lies. */
function Timing({ table, row }: { table: TraceTable; row: number }) {
  const share = (time: number) => (100 * time) / table.durationMicros;
  const left = share(table.start[row] as number);
  const width = Math.max(0.6, share(table.end[row] as number) - left);
  return (
    <div class={styles.timing} aria-hidden="true">
      <span style={{ left: `${Math.min(left, 99.4)}%`, width: `${Math.min(width, 100 - left + 0.6)}%` }} />
    </div>
  );
}

function Status({ table, row, merged }: { table: TraceTable; row: number; merged: Json }) {
  const flags = (table.flags[row] as number) & FLAG_ANY_ERROR;
  const word = classWord(flags);
  const isOpen = (table.duration[row] as number) < 0;
  return (
    <>
      <StatusMark of={word ?? (isOpen ? "unknown" : "ok")} withWord />
      <span class={styles.muted}> {word && reasonOf(word, merged)}</span>
    </>
  );
}

/** Why it counts as failed: its own word, or its status. */
function reasonOf(word: string, merged: Json): string {
  const status = statusOf(merged);
  if (status !== undefined && status >= 400) return `because of status ${status}`;
  if (merged.cause !== undefined) return "because of an exception";
  return merged[word] === true ? "because the segment says so" : "";
}

const startText = (table: TraceTable, row: number, zone: "utc" | "local") =>
  preciseTime(table.startMicros + (table.start[row] as number), zone);

const endText = (table: TraceTable, row: number, zone: "utc" | "local") =>
  preciseTime(table.startMicros + (table.end[row] as number), zone);

/** To the microsecond. */
export function preciseTime(micros: number, zone: "utc" | "local"): string {
  const rest = String(Math.round(micros) % 1000).padStart(3, "0");
  return `${formatTime(Math.floor(micros / 1000), zone, true)}${rest}`;
}

function kindText(table: TraceTable, row: number): string {
  if (table.kind[row] === KIND_SEGMENT) return "segment";
  return table.kind[row] === KIND_SUBSEGMENT ? "subsegment" : "inferred segment";
}

function skewText(table: TraceTable, row: number): string {
  const above = table.parent[row] as number;
  if (above < 0) return "";
  const early = (table.start[above] as number) - (table.start[row] as number);
  const late = (table.end[row] as number) - (table.end[above] as number);
  const own = (table.shift[row] as number) - (table.shift[above] as number);
  const parts = [
    early > 0 && `starts ${formatMicros(early)} before its parent`,
    late > 0 && `ends ${formatMicros(late)} after its parent`,
    own !== 0 && `aligning moves it by ${formatMicros(own)}`,
  ];
  return parts.filter(Boolean).join("; ");
}

/** A call to a traced service that no segment answered for yet is pending (spec segments.md 5). */
const tracedText = (table: TraceTable, row: number): string =>
  (table.childCount[row] as number) > 0 ? "yes" : "yes; the callee's segment is pending";

function clientText(request: Json): string | undefined {
  const address = text(request.client_ip);
  if (address === undefined) return undefined;
  return request.x_forwarded_for === true ? `${address} (from a header: may be forged)` : address;
}

function lengthText(response: Json): string | undefined {
  const length = number(response.content_length);
  return length === undefined || length < 0 ? undefined : formatBytes(length);
}

function Parent({ table, row, parentId }: { table: TraceTable; row: number; parentId: string | undefined }) {
  const above = table.parent[row] as number;
  const missing = textOf(table, table.missingParent, row) || (above < 0 ? (parentId ?? "") : "");
  if (missing) return <Field name="Parent" value={`${missing} (not part of the trace)`} />;
  const parent = rowOf(table, parentId) >= 0 ? rowOf(table, parentId) : above;
  return parent < 0 ? null : (
    <Field name="Parent">
      <a href={hrefOf({ params: { segment: table.ids[parent] } })}>{nameOf(table, parent)}</a>
    </Field>
  );
}

function Children({ table, row }: { table: TraceTable; row: number }) {
  const below = (table.size[row] as number) - 1;
  return below > 0 ? <Field name="Below" value={`${table.childCount[row]} direct, ${below} in all`} /> : null;
}

function Links({ links }: { links: readonly Link[] }) {
  if (links.length === 0) return null;
  return (
    <Fields title="Links to other traces">
      {links.map(({ traceId, segmentId }) => {
        const id = readTraceId(traceId);
        const params = segmentId ? { segment: segmentId } : {};
        return (
          <Field key={`${traceId}/${segmentId}`} name={visible(segmentId, 20) || "trace"}>
            {id ? (
              <a href={hrefOf({ route: { page: "trace", id, view: "timeline" }, params })}>{id}</a>
            ) : (
              visible(traceId, 100)
            )}
          </Field>
        );
      })}
    </Fields>
  );
}
