import { type Arranged, bendKey, type Layout, type Point, ROW } from "./layout";

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** What packed parts come near to: width to height. */
const ASPECT = 1.6;
/** What adding and subtracting may lose. */
const SLACK = 1e-6;

/**
 * Puts the parts below each other, the large ones first; small ones share a shelf. Parts that stood somewhere
 * stay there, and only make room.
 */
export function pack(parts: readonly Arranged[], column: number, previous: Layout | undefined): Layout {
  const positions = new Map<string, Point>();
  const bends = new Map<string, Point[]>();
  const boxes: Box[] = [];
  const put = (part: Arranged, left: number, shift: number) => {
    const x = (layer: number) => left + column * (layer + 0.5);
    part.part.ids.forEach((id, node) => {
      positions.set(id, { x: x(part.layer[node] ?? 0), y: (part.y[node] ?? 0) + shift });
    });
    for (const { from, to, points } of part.bends) {
      const key = bendKey(part.part.ids[from] ?? "", part.part.ids[to] ?? "");
      bends.set(
        key,
        points.map(point => ({ x: x(point.layer), y: point.y + shift })),
      );
    }
    boxes.push({
      left,
      right: left + column * part.layers,
      top: part.top + shift,
      bottom: part.bottom + shift,
    });
  };
  const fresh: Arranged[] = [];
  for (const part of parts) {
    const left = previous && leftBefore(part, column, previous);
    if (left === undefined) fresh.push(part);
    else put(part, left, roomBelow(part, left, column, boxes));
  }
  shelve(fresh, column, boxes, put);
  return { positions, bends, column };
}

/** Where the part's first column stood; the one that most of its nodes agree on. */
function leftBefore(part: Arranged, column: number, previous: Layout): number | undefined {
  const votes = new Map<number, number>();
  part.part.ids.forEach((id, node) => {
    const point = previous.positions.get(id);
    if (!point) return;
    const left = Math.round(point.x - column * ((part.layer[node] ?? 0) + 0.5));
    votes.set(left, (votes.get(left) ?? 0) + 1);
  });
  return [...votes].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
}

/** How far down the part has to go to stand free of `boxes`. */
function roomBelow(part: Arranged, left: number, column: number, boxes: readonly Box[]): number {
  const right = left + column * part.layers;
  let shift = 0;
  for (const box of [...boxes].sort((a, b) => a.top - b.top)) {
    const isBeside = box.right <= left + SLACK || box.left >= right - SLACK;
    const isFree = part.bottom + shift <= box.top + SLACK || part.top + shift >= box.bottom - SLACK;
    if (!isBeside && !isFree) shift = box.bottom - part.top;
  }
  return shift;
}

function shelve(
  parts: readonly Arranged[],
  column: number,
  boxes: readonly Box[],
  put: (part: Arranged, left: number, shift: number) => void,
): void {
  const area = parts.reduce((sum, part) => sum + part.layers * column * (part.bottom - part.top), 0);
  const widest = Math.max(0, ...parts.map(part => part.layers * column), ...boxes.map(box => box.right));
  const limit = Math.max(widest, Math.sqrt(area * ASPECT));
  let top = boxes.reduce((lowest, box) => Math.max(lowest, box.bottom + ROW / 4), 0);
  let left = 0;
  let height = 0;
  for (const part of parts) {
    const width = part.layers * column;
    if (left > 0 && left + width > limit) {
      top += height + ROW / 4;
      left = 0;
      height = 0;
    }
    put(part, left, top - part.top);
    left += width;
    height = Math.max(height, part.bottom - part.top);
  }
}
