/** The line at the foot of the window: the progress of a scan, for pages that want it there. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

export const statusSlot = signal<ComponentChildren>(undefined);

/** Shows `content` at the foot while the component is shown. */
export function useStatusSlot(content: ComponentChildren): void {
  useEffect(() => {
    statusSlot.value = content;
  });
  useEffect(
    () => () => {
      statusSlot.value = undefined;
    },
    [],
  );
}
