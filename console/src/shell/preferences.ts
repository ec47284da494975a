/** What a person prefers in this browser; the only code that touches the browser's storage. */
import { effect, signal } from "@preact/signals";

export interface Preferences {
  theme: "system" | "light" | "dark";
  density: "normal" | "compact";
  /** What an address without `tz` means. */
  timeZone: "local" | "utc";
  /** Single-letter keys work outside text fields. */
  letterKeys: boolean;
  /** Seconds between refreshes; 0 is off. */
  refreshSeconds: number;
  panelWidth: number;
  /** From which share of calls that were not ok (or were faults), in percent, an edge of the map is marked. */
  edges: EdgeThresholds;
  /** Anything a page remembers, under a name of its own. */
  pages: Record<string, unknown>;
}

export interface EdgeThresholds {
  amber: number;
  red: number;
  redFaults: number;
}

const STORED_AS = "roentgen.preferences";
export const DEFAULTS: Preferences = {
  theme: "system",
  density: "normal",
  timeZone: "local",
  letterKeys: true,
  refreshSeconds: 0,
  panelWidth: 460,
  edges: { amber: 1, red: 5, redFaults: 1 },
  pages: {},
};

export const preferences = signal<Preferences>(load());

export function prefer(change: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...change };
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(preferences.value));
  } catch {
    // Storage may be full or forbidden: the preference then lasts as long as the page.
  }
}

/** What a page remembers under `name`, if it has the shape that `isValid` asks for. */
export function remembered<T>(name: string, isValid: (value: unknown) => value is T): T | undefined {
  const value = preferences.value.pages[name];
  return isValid(value) ? value : undefined;
}

export const remember = (name: string, value: unknown): void =>
  prefer({ pages: { ...preferences.value.pages, [name]: value } });

/** Sets the attributes that the styles look at. */
export function followPreferences(): void {
  effect(() => {
    const { theme, density } = preferences.value;
    const root = document.documentElement;
    if (theme === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = theme;
    root.dataset.density = density;
  });
}

function load(): Preferences {
  let stored: Record<string, unknown> = {};
  try {
    stored = Object(JSON.parse(localStorage.getItem(STORED_AS) ?? "{}"));
  } catch {
    // Nothing usable is stored.
  }
  const isOneOf = <T>(value: unknown, known: readonly T[], otherwise: T): T =>
    known.includes(value as T) ? (value as T) : otherwise;
  const isNumber = (value: unknown, otherwise: number) =>
    typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : otherwise;
  const edges: Record<string, unknown> = Object(stored.edges);
  return {
    theme: isOneOf(stored.theme, ["system", "light", "dark"], DEFAULTS.theme),
    density: isOneOf(stored.density, ["normal", "compact"], DEFAULTS.density),
    timeZone: isOneOf(stored.timeZone, ["local", "utc"], DEFAULTS.timeZone),
    letterKeys: isOneOf(stored.letterKeys, [true, false], DEFAULTS.letterKeys),
    refreshSeconds: isNumber(stored.refreshSeconds, DEFAULTS.refreshSeconds),
    panelWidth: isNumber(stored.panelWidth, DEFAULTS.panelWidth),
    edges: {
      amber: isNumber(edges.amber, DEFAULTS.edges.amber),
      red: isNumber(edges.red, DEFAULTS.edges.red),
      redFaults: isNumber(edges.redFaults, DEFAULTS.edges.redFaults),
    },
    pages: typeof stored.pages === "object" && stored.pages !== null ? { ...stored.pages } : {},
  };
}
