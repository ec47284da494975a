/** From a node of the map to the rows of the trace that it stands for. */
import { isSynthetic, KIND_SEGMENT, type TraceTable, textOf } from "./table";

/**
 * The longest row of a node: a segment of its name; or, of what is not instrumented, the call to it, which has its
 * type. -1 if there is none, as for clients.
 */
export function rowOfNode(table: TraceTable, node: { name: string; type: string | undefined }): number {
  let best = -1;
  let bestScore = 0;
  for (let row = 0; row < table.count; row += 1) {
    if (isSynthetic(table, row)) continue;
    const score = scoreOf(table, row, node);
    const isLonger =
      score === bestScore && score > 0 && lengthOf(table, row) > (best < 0 ? -1 : lengthOf(table, best));
    if (score > bestScore || isLonger) {
      best = row;
      bestScore = score;
    }
  }
  return best;
}

function scoreOf(table: TraceTable, row: number, node: { name: string; type: string | undefined }): number {
  const hasName = textOf(table, table.name, row) === node.name;
  if (table.kind[row] === KIND_SEGMENT) return hasName ? 3 : 0;
  const hasType = node.type !== undefined && textOf(table, table.origin, row) === node.type;
  if (hasType) return 2;
  return hasName && table.namespace[row] !== 0 ? 1 : 0;
}

const lengthOf = (table: TraceTable, row: number): number =>
  (table.end[row] as number) - (table.start[row] as number);
