/** An insight in words, shares and filters (spec groups-insights.md 3 to 5; filter-expressions.md 10). */

export interface ServiceName {
  Name: string;
  Type?: string | undefined;
  AccountId?: string | undefined;
}

export interface Counts {
  FaultCount: number;
  OkCount: number;
  TotalCount: number;
}

/** Shares of the requests; what is neither ok nor fault is an error or a throttle. */
export const sharesOf = ({ FaultCount, OkCount, TotalCount }: Counts): { label: string; count: number }[] => [
  { label: "Fault", count: FaultCount },
  { label: "Error or throttle", count: Math.max(0, TotalCount - FaultCount - OkCount) },
  { label: "OK", count: OkCount },
];

/** Seconds from start to end, or to now while it is active. */
export const lasted = (
  insight: { StartTime: number; EndTime?: number | undefined },
  nowSeconds: number,
): number => Math.max(0, (insight.EndTime ?? nowSeconds) - insight.StartTime);

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** `id(name: "pay", type: "AWS::ECS::Fargate")`, as the console's queries name a node. */
export function idSelector({ Name, Type }: ServiceName): string {
  return Type ? `id(name: ${quoted(Name)}, type: ${quoted(Type)})` : `id(name: ${quoted(Name)})`;
}

/** Traces in which the service failed. */
export const faultFilter = (service: ServiceName): string => `service(${idSelector(service)}) { fault }`;

/** Milliseconds around an incident: what came before, the incident, and what came after. */
export function around(
  insight: { StartTime: number; EndTime?: number | undefined },
  nowSeconds: number,
): { start: number; end: number } {
  const length = lasted(insight, nowSeconds);
  const margin = Math.min(3_600, Math.max(600, length / 2));
  const end = Math.min(nowSeconds, (insight.EndTime ?? nowSeconds) + margin);
  return { start: (insight.StartTime - margin) * 1000, end: end * 1000 };
}

/** Why an event was recorded, by what differs from the one before (spec groups-insights.md 5). */
export function whatChanged(event: RecordedEvent, before: RecordedEvent | undefined): string {
  if (!before) return "Opened";
  if (event.Summary.startsWith("Incident closed")) return "Closed";
  const root = rootOf(event.Summary);
  if (root !== undefined && root !== rootOf(before.Summary)) return `The root cause is now ${root}`;
  const names = (services: { ServiceId?: ServiceName | undefined }[]) =>
    new Set(services.map(({ ServiceId }) => ServiceId?.Name ?? ""));
  const now = names(event.TopAnomalousServices);
  const then = names(before.TopAnomalousServices);
  const joined = [...now].filter(name => !then.has(name));
  const left = [...then].filter(name => !now.has(name));
  if (joined.length > 0) return `Spread to ${joined.join(", ")}`;
  if (left.length > 0) return `${left.join(", ")} recovered`;
  const share = (counts: Counts | undefined) =>
    counts && counts.TotalCount > 0 ? counts.FaultCount / counts.TotalCount : 0;
  const more = share(event.ClientRequestImpactStatistics) - share(before.ClientRequestImpactStatistics);
  const rootMore =
    share(event.RootCauseServiceRequestImpactStatistics) -
    share(before.RootCauseServiceRequestImpactStatistics);
  return more + rootMore >= 0 ? "Became worse" : "Eased";
}

interface RecordedEvent {
  Summary: string;
  TopAnomalousServices: { ServiceId?: ServiceName | undefined }[];
  ClientRequestImpactStatistics?: Counts | undefined;
  RootCauseServiceRequestImpactStatistics?: Counts | undefined;
}

/** The service that a summary names: events have it nowhere else. */
const rootOf = (summary: string): string | undefined => /^Faults from (.+) \([^()]*\) /.exec(summary)?.[1];

/** A root cause by its path, and how many of the traces have it. */
export interface CauseRow {
  path: string[];
  exception: string | undefined;
  count: number;
}

/** Fault root causes of traces, the most frequent first. */
export function tally(
  traces: readonly {
    FaultRootCauses: {
      Services: {
        Name: string;
        EntityPath: { Name: string; Exceptions: { Name: string; Message?: string | undefined }[] }[];
      }[];
    }[];
  }[],
): CauseRow[] {
  const rows = new Map<string, CauseRow>();
  for (const { FaultRootCauses } of traces) {
    const seen = new Set<string>();
    for (const { Services } of FaultRootCauses) {
      const last = Services.at(-1)?.EntityPath.at(-1);
      const thrown = last?.Exceptions[0];
      const exception =
        thrown && (thrown.Message ? `${thrown.Name}: ${thrown.Message}` : thrown.Name || undefined);
      const path = Services.map(({ Name }) => Name);
      // The callee's name may be that of a host or table, which only the path inside the service has.
      if (last && last.Name !== path.at(-1)) path.push(last.Name);
      const key = JSON.stringify([path, exception]);
      if (seen.has(key)) continue;
      seen.add(key);
      const row = rows.get(key) ?? { path, exception, count: 0 };
      row.count += 1;
      rows.set(key, row);
    }
  }
  return [...rows.values()].sort((a, b) => b.count - a.count);
}
