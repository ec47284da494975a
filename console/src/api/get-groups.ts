/** `GetGroups` (spec api.md). */
import { array, boolean, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

export const group = shape({
  GroupName: withDefault(string, ""),
  GroupARN: withDefault(string, ""),
  FilterExpression: optional(string),
  InsightsConfiguration: optional(
    shape({
      InsightsEnabled: withDefault(boolean, false),
      NotificationsEnabled: withDefault(boolean, false),
    }),
  ),
});

export type Group = Read<typeof group>;

const answer = shape({ Groups: withDefault(array(group), []), NextToken: optional(string) });

/** All groups, in the server's order. */
export async function getGroups(options: CallOptions = {}): Promise<Group[]> {
  const groups: Group[] = [];
  let next: string | undefined;
  do {
    const page: Read<typeof answer> = await post("Groups", next ? { NextToken: next } : {}, answer, options);
    groups.push(...page.Groups);
    next = page.NextToken;
  } while (next !== undefined);
  return groups;
}
