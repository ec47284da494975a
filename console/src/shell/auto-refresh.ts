/** Reads everything again every so often, while nobody is busy with what is shown (spec console.md 2). */
import { useEffect } from "preact/hooks";
import { isTextField } from "./keys";
import { preferences } from "./preferences";
import { refresh } from "./time";

/** What the menu offers, in seconds; 0 is off. */
export const REFRESH_SECONDS = [0, 5, 15, 60] as const;

/** Something is held by the pointer: a part of a chart, a node, an edge of a panel. */
let isPointerDown = false;
for (const type of ["pointerdown", "pointerup", "pointercancel"]) {
  document.addEventListener(type, () => {
    isPointerDown = type === "pointerdown";
  });
}

const isPaused = (): boolean =>
  document.hidden ||
  isPointerDown ||
  isTextField(document.activeElement) ||
  document.activeElement?.getAttribute("role") === "slider" ||
  document.querySelector("dialog[open], [popover]") !== null;

export function useAutoRefresh(): void {
  const { refreshSeconds } = preferences.value;
  useEffect(() => {
    if (refreshSeconds === 0) return undefined;
    let isDue = false;
    const tick = () => {
      isDue = isPaused();
      if (!isDue) refresh();
    };
    // What was missed while paused is made up for when the page is seen again.
    const onShown = () => {
      if (isDue) tick();
    };
    const timer = setInterval(tick, refreshSeconds * 1000);
    document.addEventListener("visibilitychange", onShown);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", onShown);
    };
  }, [refreshSeconds]);
}
