import { useEffect, useRef, useState } from "preact/hooks";
import type { Point } from "../../model/layout/layout";

const GLIDE_MILLIS = 200;
/** Larger graphs jump: drawing them for every frame would not be smooth. */
const GLIDE_MAX = 150;

/** The places on their way to `target`: nodes that move glide there, unless less movement is wanted. */
export function useGlide(target: ReadonlyMap<string, Point>, isHeld: boolean): ReadonlyMap<string, Point> {
  const [shown, setShown] = useState(target);
  const current = useRef(target);
  current.current = shown;
  useEffect(() => {
    const start = current.current;
    const moves = [...target].some(([id, to]) => {
      const from = start.get(id);
      return from !== undefined && (from.x !== to.x || from.y !== to.y);
    });
    if (isHeld || !moves || target.size > GLIDE_MAX || isStill()) {
      setShown(target);
      return undefined;
    }
    let frame = 0;
    const begin = performance.now();
    const step = (now: number) => {
      const t = Math.min(1, Math.max(0, (now - begin) / GLIDE_MILLIS));
      setShown(t === 1 ? target : between(start, target, t * (2 - t)));
      if (t < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [target]);
  return isHeld ? target : shown;
}

const isStill = (): boolean => globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? true;

function between(
  start: ReadonlyMap<string, Point>,
  target: ReadonlyMap<string, Point>,
  t: number,
): ReadonlyMap<string, Point> {
  return new Map(
    [...target].map(([id, to]) => {
      const from = start.get(id) ?? to;
      return [id, { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t }];
    }),
  );
}
