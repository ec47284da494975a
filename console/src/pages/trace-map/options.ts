/** What a person wants to see of the map: remembered in this browser. */
import { type DrawOptions, NODE_TEXTS, SIZES_BY } from "../../components/service-graph/drawing";
import type { Thresholds } from "../../model/graph/counts";
import { GROUPINGS, type Grouping } from "../../model/graph/shown";
import type { Point } from "../../model/layout/layout";
import { prefer, preferences, remember, remembered } from "../../shell/preferences";

export interface MapOptions extends DrawOptions {
  clients: boolean;
  links: boolean;
  errorsOnly: boolean;
  hide: string;
  groupBy: Grouping;
}

const DEFAULTS = {
  nodeText: "icon",
  sizeBy: "traffic",
  clients: true,
  links: true,
  errorsOnly: false,
  hide: "",
  groupBy: "none",
} satisfies Omit<MapOptions, "thresholds">;

const STORED_AS = "trace-map.options";
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

export function mapOptions(): MapOptions {
  const stored = remembered(STORED_AS, isObject) ?? {};
  const flag = (name: "clients" | "links" | "errorsOnly") =>
    typeof stored[name] === "boolean" ? (stored[name] as boolean) : DEFAULTS[name];
  const oneOf = <T extends string>(known: readonly T[], value: unknown, otherwise: T): T =>
    known.find(one => one === value) ?? otherwise;
  return {
    nodeText: oneOf(NODE_TEXTS, stored.nodeText, DEFAULTS.nodeText),
    sizeBy: oneOf(SIZES_BY, stored.sizeBy, DEFAULTS.sizeBy),
    groupBy: oneOf(GROUPINGS, stored.groupBy, DEFAULTS.groupBy),
    thresholds: thresholds(),
    clients: flag("clients"),
    links: flag("links"),
    errorsOnly: flag("errorsOnly"),
    hide: typeof stored.hide === "string" ? stored.hide : DEFAULTS.hide,
  };
}

export function changeOptions({ thresholds, ...change }: Partial<MapOptions>): void {
  if (thresholds) {
    const { warn, bad, fault } = thresholds;
    prefer({ edges: { amber: percent(warn), red: percent(bad), redFaults: percent(fault) } });
  }
  const { thresholds: _, ...before } = mapOptions();
  if (Object.keys(change).length > 0) remember(STORED_AS, { ...before, ...change });
}

/** Of the preferences (settings): the same for every map, in percent there. */
function thresholds(): Thresholds {
  const { amber, red, redFaults } = preferences.value.edges;
  return { warn: amber / 100, bad: red / 100, fault: redFaults / 100 };
}

const percent = (share: number): number => Number((share * 100).toFixed(3));

const PINS_AS = "trace-map.pins";
/** Groups whose pins are kept; the oldest are forgotten. */
const PINNED_GROUPS_MAX = 20;
const PINS_MAX = 500;

type Pins = [string, Point][];

const isPoint = (value: unknown): value is Point =>
  isObject(value) && Number.isFinite(value.x) && Number.isFinite(value.y);
const isPins = (value: unknown): value is Pins =>
  Array.isArray(value) &&
  value.every(pin => Array.isArray(pin) && typeof pin[0] === "string" && isPoint(pin[1]));

const storedPins = (): Record<string, unknown> => {
  const value = preferences.value.pages[PINS_AS];
  return isObject(value) ? value : {};
};

/** Where a person has put nodes, in the map of a group. */
export function pinsOf(group: string | undefined): ReadonlyMap<string, Point> {
  const pins = storedPins()[group ?? ""];
  return new Map(isPins(pins) ? pins : []);
}

export function changePins(group: string | undefined, pins: ReadonlyMap<string, Point>): void {
  const { [group ?? ""]: _, ...rest } = storedPins();
  const others = Object.entries(rest).slice(-(PINNED_GROUPS_MAX - 1));
  const kept = pins.size > 0 ? [[group ?? "", [...pins].slice(-PINS_MAX)] as const] : [];
  remember(PINS_AS, Object.fromEntries([...others, ...kept]));
}
