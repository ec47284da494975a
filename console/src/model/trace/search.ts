/** Search in a trace: over each text once, then over the rows that use it (spec console.md 6.3.1). */
import { isSynthetic, type TraceTable } from "./table";

/** Beside the columns: what documents hold that the compact form does not, by (sub)segment id, in lower case. */
export type FullText = ReadonlyMap<string, string>;

/** One byte per row that matches `query`, whatever its case. */
export function searchRows(table: TraceTable, query: string, fullText?: FullText): Uint8Array {
  const found = new Uint8Array(table.count);
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return found;
  const texts = Uint8Array.from(table.strings, text => (text.toLowerCase().includes(wanted) ? 1 : 0));
  const isHex = /^[0-9a-f]+$/.test(wanted);
  for (let row = 0; row < table.count; row += 1) {
    if (isSynthetic(table, row)) continue;
    const hasText =
      texts[table.name[row] as number] ||
      texts[table.url[row] as number] ||
      texts[table.method[row] as number] ||
      texts[table.origin[row] as number] ||
      texts[table.namespace[row] as number] ||
      String(table.status[row] || "") === wanted;
    const id = table.ids[row] as string;
    if (hasText || (isHex && id.includes(wanted)) || fullText?.get(id)?.includes(wanted)) found[row] = 1;
  }
  return found;
}

export function countOf(marks: Uint8Array): number {
  let count = 0;
  for (const mark of marks) count += mark;
  return count;
}

/** Which match `row` is, from 1; 0 if it is none. */
export function matchNumber(marks: Uint8Array, row: number): number {
  return row >= 0 && marks[row] ? countOf(marks.subarray(0, row + 1)) : 0;
}
