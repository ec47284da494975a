/** No page in the address: the map when there is any trace, else first steps (spec console.md 3). */
import { useEffect } from "preact/hooks";
import { ApiError } from "../api/client";
import { getServer } from "../api/server";
import { Panel } from "../components/panel/panel";
import { useQuery } from "../components/use-query";
import { adjust } from "./navigation";

export function Home() {
  const server = useQuery("server", signal => getServer({ signal }));
  // Another X-Ray-compatible server does not say; its map is as good a start as any.
  const isForeign = server.error instanceof ApiError && !server.error.isOffline;
  const hasTraces = server.value?.storage.hasTraces ?? (isForeign ? true : undefined);
  useEffect(() => {
    if (hasTraces === undefined) return;
    adjust({ route: { page: hasTraces ? "service-map" : "welcome" } });
  }, [hasTraces]);
  if (server.error && !isForeign) {
    return <Panel state={{ kind: "error", error: server.error, retry: server.refresh }} />;
  }
  return <Panel state={{ kind: "loading" }} />;
}
