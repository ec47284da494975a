/** What the table of groups shows. */
import type { Group } from "../../api/get-groups";
import { getTimeSeriesServiceStatistics } from "../../api/get-time-series-service-statistics";
import { listTagsForResource, type Tag } from "../../api/tags";
import { useQuery } from "../../components/use-query";
import { now } from "../../shell/time";

export const DEFAULT_GROUP = "Default";
/** Beside `Default`. */
export const GROUPS_MAX = 25;

export interface GroupRow {
  name: string;
  arn: string;
  /** Empty: all traces. */
  expression: string;
  isDefault: boolean;
  hasInsights: boolean;
  hasNotifications: boolean;
  /** Traces of the last hour; undefined while they are being counted, or when they cannot be. */
  traces: number | undefined;
  tags: Tag[] | undefined;
}

interface Details {
  traces: Map<string, number>;
  tags: Map<string, Tag[]>;
}

/** Counts and tags, which the list of groups does not have. */
export function useDetails(groups: Group[] | undefined): Partial<Details> {
  const names = groups?.map(({ GroupName }) => GroupName);
  const key = names && JSON.stringify(names);
  const end = now.value / 1000;
  const traces = useQuery(key && `group-traces ${now.value} ${key}`, async signal =>
    collect(names ?? [], async name => {
      const request = { StartTime: end - 3_600, EndTime: end, GroupName: name, Period: 300 };
      const rows = await getTimeSeriesServiceStatistics(request, { signal });
      return rows.reduce((sum, row) => sum + (row.EdgeSummaryStatistics?.TotalCount ?? 0), 0);
    }),
  );
  const tags = useQuery(key && `group-tags ${now.value} ${key}`, async signal =>
    collect(names ?? [], name => {
      const arn = groups?.find(({ GroupName }) => GroupName === name)?.GroupARN ?? "";
      return listTagsForResource(arn, { signal });
    }),
  );
  return {
    ...(traces.value ? { traces: traces.value } : {}),
    ...(tags.value ? { tags: tags.value } : {}),
  };
}

async function collect<T>(names: string[], read: (name: string) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await Promise.all(names.map(async name => [name, await read(name)] as const)));
}

export const rowsOf = (groups: Group[], details: Partial<Details>): GroupRow[] =>
  groups.map(({ GroupName, GroupARN, FilterExpression, InsightsConfiguration }) => ({
    name: GroupName,
    arn: GroupARN,
    expression: FilterExpression ?? "",
    isDefault: GroupName === DEFAULT_GROUP,
    hasInsights: InsightsConfiguration?.InsightsEnabled ?? false,
    hasNotifications: InsightsConfiguration?.NotificationsEnabled ?? false,
    traces: details.traces?.get(GroupName),
    tags: details.tags?.get(GroupName),
  }));
