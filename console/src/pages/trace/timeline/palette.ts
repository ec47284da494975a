/** The theme's colours for drawing on canvas, which does not know custom properties. */
import { effect, signal } from "@preact/signals";
import { HUES } from "../../../model/trace/hue";
import { preferences } from "../../../shell/preferences";

const TOKENS = ["text", "muted", "line", "page", "accent", "fault", "error", "throttle", "unknown"] as const;

export type Palette = Record<(typeof TOKENS)[number], string> & { hues: string[] };

/** Counts up when the theme may have changed. */
const themes = signal(0);
effect(() => {
  preferences.value.theme;
  themes.value = themes.peek() + 1;
});
const media = typeof matchMedia === "undefined" ? undefined : matchMedia("(prefers-color-scheme: dark)");
media?.addEventListener?.("change", () => {
  themes.value += 1;
});

let read: { palette: Palette; theme: number } | undefined;

/** Reading it in an effect or a component follows the theme. */
export function palette(): Palette {
  const theme = themes.value;
  if (read?.theme !== theme) read = { palette: readPalette(), theme };
  return read.palette;
}

function readPalette(): Palette {
  // All probes at once: styles are computed once, not per colour.
  const names = [...TOKENS, ...Array.from({ length: HUES }, (_, hue) => `hue-${hue}`)];
  const holder = document.createElement("div");
  holder.hidden = true;
  for (const name of names) {
    const probe = document.createElement("span");
    probe.style.color = `var(--${name})`;
    holder.append(probe);
  }
  document.body.append(holder);
  const colours = [...holder.children].map(probe => getComputedStyle(probe).color);
  holder.remove();
  const named = Object.fromEntries(TOKENS.map((token, index) => [token, colours[index]]));
  return { ...(named as Record<(typeof TOKENS)[number], string>), hues: colours.slice(TOKENS.length) };
}
