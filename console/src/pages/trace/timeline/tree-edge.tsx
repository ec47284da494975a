/** The edge between tree and bars, dragged or moved by keys. */
import { useRef } from "preact/hooks";
import styles from "./timeline.module.css";

const KEY_STEP = 24;

export function TreeEdge({ width, onWidth }: { width: number; onWidth: (width: number) => void }) {
  const drag = useRef<{ x: number; width: number } | undefined>(undefined);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that is moved is no thematic break
    <div
      role="separator"
      class={styles.treeEdge}
      aria-orientation="vertical"
      aria-label="Width of the tree"
      aria-valuenow={width}
      tabIndex={0}
      onPointerDown={event => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, width };
      }}
      onPointerMove={event => {
        if (drag.current) onWidth(Math.max(1, drag.current.width + event.clientX - drag.current.x));
      }}
      onPointerUp={() => {
        drag.current = undefined;
      }}
      onPointerCancel={() => {
        drag.current = undefined;
      }}
      onKeyDown={event => {
        const step = event.key === "ArrowRight" ? KEY_STEP : event.key === "ArrowLeft" ? -KEY_STEP : 0;
        if (step === 0) return;
        event.preventDefault();
        event.stopPropagation();
        onWidth(width + step);
      }}
    />
  );
}
