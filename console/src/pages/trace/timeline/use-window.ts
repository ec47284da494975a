/** Which rows are in sight, measured outside of scroll handlers. */
import { useSignalEffect } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { placeOf } from "../../../model/trace/rows";
import type { Timeline } from "./state";

/** Rows drawn beyond the ones in sight, and how far the window moves at a time. */
const OVERSCAN = 6;
const STEP = 12;

/** First row and one past the last that are in the document; changes once in a few rows. */
export function useWindow(
  scroller: RefObject<HTMLDivElement | null>,
  rowHeight: number,
  timeline: Timeline,
): [number, number] {
  const [sight, setSight] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    let frame = 0;
    const read = () => {
      frame = 0;
      const step = STEP * rowHeight;
      const next = { top: Math.floor(element.scrollTop / step) * step, height: element.clientHeight || 800 };
      setSight(old => (old.top === next.top && old.height === next.height ? old : next));
    };
    const soon = () => {
      frame ||= requestAnimationFrame(read);
    };
    element.addEventListener("scroll", soon, { passive: true });
    const sizes = typeof ResizeObserver === "undefined" ? undefined : new ResizeObserver(soon);
    sizes?.observe(element);
    read();
    return () => {
      element.removeEventListener("scroll", soon);
      sizes?.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [rowHeight]);
  const count = timeline.shown.value.length;
  const last = Math.min(count, Math.ceil((sight.top + sight.height) / rowHeight) + STEP + OVERSCAN);
  const first = Math.max(0, Math.min(Math.floor(sight.top / rowHeight) - OVERSCAN, last));
  return [first, last];
}

/** The width without the scroll bar, and the height. */
export function useSize(element: RefObject<HTMLDivElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const observed = element.current;
    if (!observed) return undefined;
    const read = () => {
      const next = { width: observed.clientWidth, height: observed.clientHeight };
      setSize(old => (old.width === next.width && old.height === next.height ? old : next));
    };
    read();
    const sizes = typeof ResizeObserver === "undefined" ? undefined : new ResizeObserver(read);
    sizes?.observe(observed);
    return () => sizes?.disconnect();
  }, []);
  return size;
}

export function useActiveInSight(
  timeline: Timeline,
  scroller: RefObject<HTMLDivElement | null>,
  rowHeight: number,
): void {
  useSignalEffect(() => {
    const place = placeOf(timeline.shown.value, timeline.active.value);
    const element = scroller.current;
    if (!element || place < 0) return;
    // After the content has its new height.
    requestAnimationFrame(() => {
      const top = place * rowHeight;
      const room = element.clientHeight - rowHeight;
      if (top >= element.scrollTop && top <= element.scrollTop + room) return;
      const isNear =
        top > element.scrollTop - 3 * rowHeight && top < element.scrollTop + room + 3 * rowHeight;
      if (!isNear) element.scrollTop = top - room / 2;
      else element.scrollTop = top < element.scrollTop ? top : top - room;
    });
  });
}
