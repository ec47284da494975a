/** `CreateGroup`, `UpdateGroup` and `DeleteGroup` (spec api.md; groups-insights.md 1). */
import { shape } from "./check";
import { post } from "./client";
import { type Group, group } from "./get-groups";
import type { Tag } from "./tags";

export interface GroupChange {
  GroupName: string;
  /** Absent: as it is. Empty: all traces. */
  FilterExpression?: string;
  InsightsConfiguration?: { InsightsEnabled: boolean; NotificationsEnabled: boolean };
}

const answer = shape({ Group: group });
const nothing = shape({});

export const createGroup = async (change: GroupChange & { Tags?: Tag[] }): Promise<Group> =>
  (await post("CreateGroup", change, answer)).Group;

/** Of `Default` only the insights can be changed. */
export const updateGroup = async (change: GroupChange): Promise<Group> =>
  (await post("UpdateGroup", change, answer)).Group;

export const deleteGroup = async (name: string): Promise<void> => {
  await post("DeleteGroup", { GroupName: name }, nothing);
};
