/** Which component shows which route; each page is a file of its own that is loaded when first needed. */
import type { ComponentType } from "preact";
import type { PageName } from "../url/address";

type Loader = () => Promise<{ default: ComponentType }>;

export const PAGES: Partial<Record<PageName, { title: string; load: Loader }>> = {
  welcome: { title: "Welcome", load: () => import("../pages/getting-started/getting-started") },
  "getting-started": {
    title: "Getting started",
    load: () => import("../pages/getting-started/getting-started"),
  },
  "service-map": { title: "Trace map", load: () => import("../pages/trace-map/trace-map") },
  traces: { title: "Traces", load: () => import("../pages/traces/traces") },
  trace: { title: "Trace", load: () => import("../pages/trace/trace") },
  insights: { title: "Insights", load: () => import("../pages/insights/insights") },
  insight: { title: "Insight", load: () => import("../pages/insights/insight") },
  groups: { title: "Groups", load: () => import("../pages/groups/groups") },
  sampling: { title: "Sampling rules", load: () => import("../pages/sampling/sampling") },
  settings: { title: "Settings", load: () => import("../pages/settings/settings") },
  daemons: { title: "Daemons", load: () => import("../pages/daemons/daemons") },
};
