/** What requests came lately, so that patterns can be judged while they are written. */
import { sampleTraces, type TraceSample } from "../../api/sample-traces";
import { useQuery } from "../../components/use-query";
import type { MatchField } from "../../model/sampling";
import { now } from "../../shell/time";

export interface Seen {
  /** Traces looked at. */
  traces: number;
  values: Partial<Record<MatchField, Set<string>>>;
}

const PAGES = 1;

/** Distinct values among the roots of the newest traces of the last hour. */
export function useSeen(): Seen | undefined {
  const end = now.value / 1000;
  const query = useQuery(
    `sampling-seen ${now.value}`,
    async signal => {
      const range = { StartTime: end - 3_600, EndTime: end };
      return seenIn((await sampleTraces(range, PAGES, { signal })).traces);
    },
    { freshMillis: 60_000 },
  );
  return query.value;
}

export function seenIn(traces: readonly TraceSample[]): Seen {
  const values = {
    ServiceName: new Set<string>(),
    ServiceType: new Set<string>(),
    Host: new Set<string>(),
    HTTPMethod: new Set<string>(),
    URLPath: new Set<string>(),
  };
  for (const { EntryPoint, Http } of traces) {
    if (EntryPoint?.Name) values.ServiceName.add(EntryPoint.Name);
    if (EntryPoint?.Type) values.ServiceType.add(EntryPoint.Type);
    if (Http?.HttpMethod) values.HTTPMethod.add(Http.HttpMethod);
    const url = parse(Http?.HttpURL);
    if (!url) continue;
    values.Host.add(url.host);
    values.URLPath.add(url.pathname);
  }
  return { traces: traces.length, values };
}

const parse = (text: string | undefined): URL | undefined => {
  try {
    return text ? new URL(text) : undefined;
  } catch {
    return undefined;
  }
};
