/** What a row says in words: in the tree, and of its bar for those who do not see it (spec console.md 9). */
import { formatMicros, visible } from "../../../model/format";
import { groupOf } from "../../../model/trace/rows";
import {
  FLAG_ERROR,
  FLAG_FAULT,
  FLAG_THROTTLE,
  KIND_MISSING,
  KIND_REPEATS,
  KIND_SUBSEGMENT,
  type TraceTable,
  textOf,
} from "../../../model/trace/table";

/** Names of any length are cut: the whole is in the panel. */
const NAME_MAX = 200;

export const nameOf = (table: TraceTable, row: number): string =>
  table.kind[row] === KIND_MISSING ? "Missing parent" : visible(textOf(table, table.name, row), NAME_MAX);

/** What follows the name in muted text: the call, or what a row of our own stands for. */
export function detailOf(table: TraceTable, row: number): string {
  const kind = table.kind[row];
  if (kind === KIND_MISSING) return visible(textOf(table, table.missingParent, row), 40);
  const method = visible(textOf(table, table.method, row), 60);
  if (kind === KIND_REPEATS) {
    const { count, total, median } = groupOf(table, row);
    const times = `${formatMicros(total)} in all, p50 ${formatMicros(median)}`;
    return `${method ? `${method} ` : ""}×${count} · ${times}`;
  }
  const path = pathOf(textOf(table, table.url, row));
  return [method, path].filter(Boolean).join(" ");
}

/** The path of a URL; the whole if it is none. */
export function pathOf(url: string): string {
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url.slice(0, 2_000));
  return visible(found ? found[1] || "/" : url, NAME_MAX);
}

export function classWord(flags: number): "fault" | "throttle" | "error" | undefined {
  if (flags & FLAG_FAULT) return "fault";
  if (flags & FLAG_THROTTLE) return "throttle";
  return flags & FLAG_ERROR ? "error" : undefined;
}

/** "GET /orders, service api, fault, starts 120 ms, lasts 1.24 s, own time 80 ms". */
export function barText(table: TraceTable, row: number): string {
  const duration = table.duration[row] as number;
  const kind = table.kind[row];
  const service = visible(textOf(table, table.service, row), NAME_MAX);
  const parts = [
    [nameOf(table, row), detailOf(table, row)].filter(Boolean).join(" "),
    kind === KIND_SUBSEGMENT && service && `service ${service}`,
    classWord(table.flags[row] as number),
    `starts ${formatMicros(table.start[row] as number)}`,
    duration < 0 ? "in progress" : `lasts ${formatMicros(duration)}`,
    kind !== KIND_REPEATS && kind !== KIND_MISSING && `own time ${formatMicros(table.own[row] as number)}`,
    table.isCritical[row] && "on the critical path",
    table.isSkewed[row] && "outside its parent",
  ];
  return parts.filter(Boolean).join(", ");
}
