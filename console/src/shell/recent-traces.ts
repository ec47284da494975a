/** The traces that were opened in this browser, newest first. */
import { effect } from "@preact/signals";
import { address } from "./navigation";
import { remember, remembered } from "./preferences";

const NAME = "recent-traces";
const KEPT_MAX = 12;

const isIds = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(id => typeof id === "string");

export const recentTraces = (): readonly string[] => remembered(NAME, isIds) ?? [];

/** Remembers each trace that is opened. */
export function followTraces(): void {
  let last: string | undefined;
  effect(() => {
    const { route } = address.value;
    if (route.page !== "trace" || route.id === last) return;
    last = route.id;
    const { id } = route;
    // Later: preferences are read here, and must not bring this effect about again.
    queueMicrotask(() =>
      remember(NAME, [id, ...recentTraces().filter(other => other !== id)].slice(0, KEPT_MAX)),
    );
  });
}
