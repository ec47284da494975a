/** Where the console is: the address as a signal, and the two ways to change it. */
import { computed, signal } from "@preact/signals";
import { type Address, formatAddress, type Params, parseAddress, type Route } from "../url/address";
import { mark } from "./marks";
import { preferences } from "./preferences";

const hash = signal(location.hash);
const zone = computed(() => preferences.value.timeZone);
const parsed = computed(() => parseAddress(hash.value, zone.value));

/** What the address says now. */
export const address = computed(() => parsed.value.address);
/** What of the address was not understood; dismissible. */
export const notes = computed(() => parsed.value.notes);

mark("nav");
addEventListener("hashchange", () => follow(location.hash));

function follow(text: string): void {
  const before = address.value.route;
  hash.value = text;
  // Which page the home is turns out on the way: that way began when it was asked for.
  if (before.page !== "home" && thing(before) !== thing(address.value.route)) mark("nav");
}

/** What one looks at: the page, and of which trace or insight. */
const thing = (route: Route): string => `${route.page} ${"id" in route ? route.id : ""}`;

export interface Change {
  route?: Route;
  /** Members given replace those of the address; `undefined` takes one away. */
  params?: { [K in keyof Params]?: Params[K] | undefined };
}

/** Moving to another thing: pushes history. What belongs to one page does not follow to the next. */
export const go = (change: Change): void => write(changed(change), "pushState");

/** Adjusting what is shown: replaces the entry of the history. */
export const adjust = (change: Change): void => write(changed(change), "replaceState");

/** The address of `change`, for links. */
export const hrefOf = (change: Change): string => formatAddress(changed(change), zone.value);

export function dismissNotes(): void {
  write(address.value, "replaceState");
}

// What every page has; the rest is dropped when the page changes.
const shared = ["timeRange", "tz", "group", "account"] as const;

function changed({ route, params }: Change): Address {
  const before = address.value;
  const next: Params = { timeRange: before.params.timeRange, tz: before.params.tz };
  const isSamePage = route === undefined || route.page === before.route.page;
  const kept = isSamePage ? (Object.keys(before.params) as (keyof Params)[]) : shared;
  Object.assign(next, ...kept.map(key => pick(before.params, key)));
  for (const [key, value] of Object.entries(params ?? {})) {
    if (value === undefined) delete next[key as keyof Params];
    else Object.assign(next, { [key]: value });
  }
  return { route: route ?? before.route, params: next };
}

const pick = <K extends keyof Params>(params: Params, key: K): Partial<Params> =>
  params[key] === undefined ? {} : { [key]: params[key] };

function write(next: Address, how: "pushState" | "replaceState"): void {
  const text = formatAddress(next, zone.value);
  if (text === location.hash && notes.value.length === 0) return;
  history[how](null, "", text);
  follow(text);
}
