import { useRef, useState } from "preact/hooks";
import { timeAt } from "./bars";
import type { Timeline } from "./state";

/** Less than this many pixels is a press, not a drag. */
const DRAG_MIN = 4;

/** Dragging over an element that shows the looked-at part looks closer; the pointer is the shared cursor. */
export function useTimeDrag(timeline: Timeline, width: number) {
  const begun = useRef<number | undefined>(undefined);
  const [selection, setSelection] = useState<[number, number] | undefined>();
  const placeOf = (event: PointerEvent): number => {
    const left = (event.currentTarget as HTMLElement).getBoundingClientRect().left;
    return Math.max(0, Math.min(width, event.clientX - left));
  };
  const end = (event: PointerEvent) => {
    const from = begun.current;
    begun.current = undefined;
    setSelection(undefined);
    const to = placeOf(event);
    if (from === undefined || Math.abs(to - from) < DRAG_MIN) return;
    const times = [timeAt(timeline, width, from), timeAt(timeline, width, to)] as const;
    timeline.show(Math.min(...times), Math.max(...times));
  };
  return {
    selection,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0) return;
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
        begun.current = placeOf(event);
      },
      onPointerMove: (event: PointerEvent) => {
        const at = placeOf(event);
        timeline.cursor.value = timeAt(timeline, width, at);
        const from = begun.current;
        if (from !== undefined) setSelection([Math.min(from, at), Math.max(from, at)]);
      },
      onPointerUp: end,
      onPointerCancel: () => {
        begun.current = undefined;
        setSelection(undefined);
      },
      onPointerLeave: () => {
        timeline.cursor.value = undefined;
      },
      onDblClick: () => timeline.showAll(),
    },
  };
}
