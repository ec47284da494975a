/** One box for everything that has a name (spec console.md 2): pages, groups, services, traces. */
import { signal } from "@preact/signals";
import { getGroups } from "../../api/get-groups";
import { getServiceGraph } from "../../api/get-service-graph";
import { type Choice, Choices } from "../../components/choices/choices";
import { Dialog } from "../../components/dialog/dialog";
import { useQuery } from "../../components/use-query";
import type { Route } from "../../url/address";
import { findTraceId } from "../../url/trace-id";
import { address, go } from "../navigation";
import { CONFIGURE, PLACES } from "../places";
import { recentTraces } from "../recent-traces";

export const isGoToOpen = signal(false);

const HOUR_SECONDS = 3_600;
const SERVICES_MAX = 200;

export function GoTo() {
  return isGoToOpen.value ? <Box /> : null;
}

const close = () => {
  isGoToOpen.value = false;
};

function Box() {
  const groups = useQuery("groups", signal => getGroups({ signal }));
  const services = useQuery("go-to services", lastHour);
  const choices = [
    ...pages(),
    ...(groups.value ?? []).map(({ GroupName, FilterExpression }) =>
      choice("Groups", GroupName, FilterExpression ?? "all traces", () =>
        go({ params: { group: GroupName } }),
      ),
    ),
    ...(services.value ?? []).map(({ name, type }) =>
      choice("Services of the last hour", name, type ?? "", () =>
        go({ route: { page: "service-map" }, params: { node: { name, ...(type ? { type } : {}) } } }),
      ),
    ),
    ...recentTraces().map(id => choice("Traces opened here", id, "", () => openTrace(id))),
  ];
  return (
    <Dialog title="Go to" look="bare" onClose={close}>
      <Choices
        label="Go to"
        placeholder="Page, group, service, or any text with a trace id in it"
        choices={choices}
        ofText={ofText}
        none="Nothing has this name. A trace id is found in any text: a header, a line of a log."
      />
    </Dialog>
  );
}

const choice = (heading: string, label: string, detail: string, run: () => void): Choice => ({
  id: `${heading} ${label} ${detail}`,
  heading,
  label,
  detail,
  onChoose: () => {
    close();
    run();
  },
});

const openTrace = (id: string) => go({ route: { page: "trace", id, view: "timeline" } });

/** The trace whose id is in the text, in whatever form. */
export function ofText(text: string): Choice[] {
  const id = findTraceId(text);
  return id === undefined ? [] : [choice("Trace", `Open trace ${id}`, "", () => openTrace(id))];
}

function pages(): Choice[] {
  const here = address.value.route.page;
  const preferences: Route = { page: "settings", section: "preferences" };
  return [...PLACES, ...CONFIGURE, { label: "Preferences", route: preferences, covers: [] }]
    .filter(place => !(place.covers as readonly string[]).includes(here))
    .map(({ label, route }) => choice("Pages", label, "", () => go({ route })));
}

async function lastHour(signal: AbortSignal): Promise<{ name: string; type: string | undefined }[]> {
  const end = Math.ceil(Date.now() / 1000);
  const graph = await getServiceGraph({ StartTime: end - HOUR_SECONDS, EndTime: end }, { signal });
  return graph.Services.filter(service => service.Name && service.Type !== "client")
    .sort((a, b) => (b.SummaryStatistics?.TotalCount ?? 0) - (a.SummaryStatistics?.TotalCount ?? 0))
    .slice(0, SERVICES_MAX)
    .map(({ Name, Type }) => ({ name: Name, type: Type }));
}
