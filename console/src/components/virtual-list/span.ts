/** The arithmetic of a windowed list. */

/** First row and the one after the last that are to be in the document. */
export function spanOf(
  top: number,
  height: number,
  rowHeight: number,
  count: number,
  overscan: number,
): [number, number] {
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + overscan);
  return [Math.min(first, Math.max(0, last)), last];
}

export type ListMove = "ArrowDown" | "ArrowUp" | "Home" | "End" | "PageDown" | "PageUp";

/** The index a key leads to; undefined for other keys and empty lists. Without an active row: the first, or the last. */
export function moveInList(
  key: ListMove,
  active: number | undefined,
  count: number,
  page: number,
): number | undefined {
  if (count === 0) return undefined;
  const within = (index: number) => Math.min(count - 1, Math.max(0, index));
  switch (key) {
    case "ArrowDown":
      return within((active ?? -1) + 1);
    case "ArrowUp":
      return within((active ?? count) - 1);
    case "PageDown":
      return within((active ?? 0) + page);
    case "PageUp":
      return within((active ?? 0) - page);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
