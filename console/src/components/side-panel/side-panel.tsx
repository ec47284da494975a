/**
 * The panel of details on the right (spec console.md 2): its width is a preference, and below 1100 px it is a sheet
 * over the page. The caller lays it out as the last child of a flex row that fills the page, and shows it while
 * the address names what it describes.
 */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useKeys } from "../../shell/keys";
import { prefer, preferences } from "../../shell/preferences";
import { Button } from "../button/button";
import styles from "./side-panel.module.css";

const WIDTH_MIN = 320;
/** Share of the window that the panel may take. */
const SHARE_MAX = 0.7;
const KEY_STEP = 24;

export const clampWidth = (width: number, windowWidth: number): number =>
  Math.round(Math.max(WIDTH_MIN, Math.min(width, windowWidth * SHARE_MAX)));

export function SidePanel(props: {
  /** What the panel is for a screen reader. */
  label: string;
  title: ComponentChildren;
  /** Beside the title, before the button that closes. */
  actions?: ComponentChildren;
  /** Below the title and above what scrolls: tabs. */
  header?: ComponentChildren;
  onClose: () => void;
  children?: ComponentChildren;
}) {
  const panel = useRef<HTMLElement>(null);
  const width = clampWidth(preferences.value.panelWidth, innerWidth);
  useKeys("Side panel", [
    {
      keys: "Escape",
      does: "close the panel",
      run: () => {
        props.onClose();
        return true;
      },
    },
  ]);
  return (
    <section ref={panel} class={styles.panel} style={{ width: `${width}px` }} aria-label={props.label}>
      <Edge panel={panel} width={width} />
      <header class={styles.header}>
        <h2 class={styles.title}>{props.title}</h2>
        <div class={styles.actions}>
          {props.actions}
          <Button look="quiet" aria-label="Close the panel" title="Close (Esc)" onClick={props.onClose}>
            ✕
          </Button>
        </div>
      </header>
      {props.header}
      <div class={styles.content}>{props.children}</div>
    </section>
  );
}

/** The edge that is dragged, or moved by the arrow keys. */
function Edge({ panel, width }: { panel: { current: HTMLElement | null }; width: number }) {
  const drag = useRef<{ x: number; width: number } | undefined>(undefined);
  const at = (event: PointerEvent) =>
    drag.current && clampWidth(drag.current.width + drag.current.x - event.clientX, innerWidth);
  const start = (event: PointerEvent) => {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, width };
  };
  // Only the style moves while dragging: the preference is written, and the page drawn, once.
  const move = (event: PointerEvent) => {
    const next = at(event);
    if (next && panel.current) panel.current.style.width = `${next}px`;
  };
  const end = (event: PointerEvent) => {
    const next = at(event);
    drag.current = undefined;
    if (next) prefer({ panelWidth: next });
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowLeft" ? KEY_STEP : event.key === "ArrowRight" ? -KEY_STEP : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    prefer({ panelWidth: clampWidth(width + step, innerWidth) });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that is moved is no thematic break
    <div
      role="separator"
      class={styles.edge}
      aria-orientation="vertical"
      aria-label="Width of the panel"
      aria-valuemin={WIDTH_MIN}
      aria-valuemax={Math.round(innerWidth * SHARE_MAX)}
      aria-valuenow={width}
      tabIndex={0}
      onPointerDown={start}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onKeyDown={onKey}
    />
  );
}
