/** The pages one can go to from anywhere. */
import type { IconName } from "../components/icon/icon";
import type { Route } from "../url/address";

export interface Place {
  label: string;
  icon: IconName;
  route: Route;
  /** Pages that belong below this one. */
  covers: readonly Route["page"][];
}

export const PLACES: readonly Place[] = [
  { label: "Trace map", icon: "map", route: { page: "service-map" }, covers: ["service-map"] },
  { label: "Traces", icon: "traces", route: { page: "traces" }, covers: ["traces", "trace"] },
  { label: "Insights", icon: "insights", route: { page: "insights" }, covers: ["insights", "insight"] },
];

export const CONFIGURE: readonly Place[] = [
  { label: "Groups", icon: "groups", route: { page: "groups" }, covers: ["groups"] },
  { label: "Sampling", icon: "sampling", route: { page: "sampling" }, covers: ["sampling"] },
  {
    label: "Settings",
    icon: "settings",
    route: { page: "settings", section: "encryption" },
    covers: ["settings"],
  },
  { label: "Daemons", icon: "daemons", route: { page: "daemons" }, covers: ["daemons"] },
  {
    label: "Getting started",
    icon: "start",
    route: { page: "getting-started" },
    covers: ["getting-started", "welcome"],
  },
];
