/** What the numbers of an agent say. */
import type { ConnectionErrors, Daemon } from "../../api/daemons";
import { formatCount } from "../../model/format";

export const DEFAULT_SORT = "-report";

/** Agents report once a minute; after so long one has missed some. */
const SILENT_MILLIS = 3 * 60_000;

export const millisOf = (unixNanos: string): number => Number(BigInt(unixNanos) / 1_000_000n);

export const nameOf = ({ hostname, instanceId }: Daemon): string => hostname || instanceId || "unnamed";

export const isSilent = ({ lastReportUnixNanos }: Daemon, clock: number): boolean =>
  clock - millisOf(lastReportUnixNanos) > SILENT_MILLIS;

export const errorCount = (errors: ConnectionErrors): number =>
  Object.values(errors).reduce((sum, count) => sum + count, 0);

const KINDS: [keyof ConnectionErrors, string][] = [
  ["timeout", "timed out"],
  ["connectionRefused", "refused"],
  ["http4xx", "4xx"],
  ["http5xx", "5xx"],
  ["unknownHost", "unknown host"],
  ["other", "other"],
];

/** The greatest kinds first: `4 5xx, 2 refused`. */
export const errorText = (errors: ConnectionErrors): string =>
  KINDS.filter(([kind]) => errors[kind] > 0)
    .sort(([a], [b]) => errors[b] - errors[a])
    .map(([kind, word]) => `${formatCount(errors[kind])} ${word}`)
    .join(", ");

/**
 * Segments received per minute between each two reports. A report counts since the one before, so the first has
 * no length of its own.
 */
export function perMinute(records: Daemon["records"]): number[] {
  return records.slice(1).flatMap((record, index) => {
    const before = records[index];
    const millis = before ? millisOf(record.timestampUnixNanos) - millisOf(before.timestampUnixNanos) : 0;
    return millis > 0 ? [(record.counts.segmentsReceived * 60_000) / millis] : [];
  });
}
