/** The keys of the timeline (spec console.md 8). */
import { setFold, setSubtree } from "../../../model/trace/rows";
import { useKeys } from "../../../shell/keys";
import type { Timeline } from "./state";

interface Moves {
  onOpen: (row: number) => void;
  onMove: (row: number) => void;
}

const PAGE = 20;

/** Keys while the grid has the focus: the tree's own. */
export function onGridKey(event: KeyboardEvent, timeline: Timeline, { onOpen, onMove }: Moves): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const row = timeline.active.value;
  const move = (to: number) => {
    if (to >= 0) onMove(to);
  };
  const lines: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    j: 1,
    k: -1,
    PageDown: PAGE,
    PageUp: -PAGE,
    Home: -Number.MAX_SAFE_INTEGER,
    End: Number.MAX_SAFE_INTEGER,
  };
  const step = lines[event.key];
  if (step !== undefined) move(timeline.step(step));
  else if (event.key === "Enter" && row >= 0) onOpen(row);
  else if (event.key === "ArrowRight" && row >= 0) move(unfold(timeline, row, event.shiftKey));
  else if (event.key === "ArrowLeft" && row >= 0) move(fold(timeline, row, event.shiftKey));
  else if (event.key === "*") toggleAll(timeline);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Unfolds, or goes to the first child if it is unfolded; with Shift the whole subtree. */
function unfold(timeline: Timeline, row: number, isSubtree: boolean): number {
  const table = timeline.table.value;
  if (isSubtree) timeline.folds.value = setSubtree(table, timeline.folds.value, row, false);
  else if (timeline.folds.value[row]) timeline.folds.value = setFold(timeline.folds.value, row, false);
  else return table.childCount[row] ? timeline.step(1) : row;
  return row;
}

/** Folds, or goes to the parent if there is nothing to fold. */
function fold(timeline: Timeline, row: number, isSubtree: boolean): number {
  const table = timeline.table.value;
  const canFold = (table.childCount[row] as number) > 0 && !timeline.folds.value[row];
  if (isSubtree) timeline.folds.value = setSubtree(table, timeline.folds.value, row, true);
  else if (canFold) timeline.folds.value = setFold(timeline.folds.value, row, true);
  else return (table.parent[row] as number) >= 0 ? (table.parent[row] as number) : row;
  return row;
}

/** Everything folded to the top rows, or unfolded if that is so. */
export function toggleAll(timeline: Timeline): void {
  const table = timeline.table.value;
  const isFolded = timeline.folds.value.some(
    (folded, row) => folded === 0 && (table.childCount[row] ?? 0) > 0,
  );
  timeline.folds.value = setSubtree(table, timeline.folds.value, -1, isFolded);
}

/** Keys of the page while the timeline is shown. */
export function useTimelineKeys(timeline: Timeline, onMove: (row: number) => void): void {
  const act = (work: () => void) => () => {
    work();
    return true;
  };
  const find = (direction: 1 | -1) => () => {
    const row = timeline.next(direction);
    if (row < 0) return false;
    onMove(row);
    return true;
  };
  // Of the grid: listed here for the help, run by the grid while it has the focus.
  const ofGrid = () => false;
  useKeys("Timeline", [
    { keys: "ArrowDown / ArrowUp", does: "next, previous row", run: ofGrid },
    { keys: "ArrowRight / ArrowLeft", does: "unfold or to child, fold or to parent", run: ofGrid },
    { keys: "Shift+ArrowRight / Shift+ArrowLeft", does: "unfold, fold the subtree", run: ofGrid },
    { keys: "*", does: "fold or unfold all", run: act(() => toggleAll(timeline)) },
    { keys: "Enter", does: "details of the row", run: ofGrid },
    { keys: "n", does: "next error, or match of the search", run: find(1) },
    { keys: "p", does: "previous error, or match", run: find(-1) },
    { keys: "w", does: "look closer", run: act(() => timeline.zoomBy(1 / 1.5)) },
    { keys: "s", does: "look from further away", run: act(() => timeline.zoomBy(1.5)) },
    { keys: "a", does: "earlier", run: act(() => timeline.panBy(-0.2)) },
    { keys: "d", does: "later", run: act(() => timeline.panBy(0.2)) },
    { keys: "0", does: "the whole trace", run: act(() => timeline.showAll()) },
    { keys: "f", does: "fit the row", run: act(() => timeline.fit(timeline.active.value)) },
  ]);
}
