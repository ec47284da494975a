/** `ListResourcePolicies`, `PutResourcePolicy` and `DeleteResourcePolicy` (spec api.md; security.md 4). */
import { array, number, optional, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

const policy = shape({
  PolicyName: withDefault(string, ""),
  PolicyDocument: withDefault(string, ""),
  PolicyRevisionId: optional(string),
  /** Seconds since the epoch. */
  LastUpdatedTime: optional(number),
});
const list = shape({ ResourcePolicies: withDefault(array(policy), []) });
const one = shape({ ResourcePolicy: policy });
const nothing = shape({});

export type ResourcePolicy = Read<typeof policy>;

/** Revision that asks for a policy that is not there yet. */
export const NEW_REVISION = "0";

export const listResourcePolicies = async (options: CallOptions = {}): Promise<ResourcePolicy[]> =>
  (await post("ListResourcePolicies", {}, list, options)).ResourcePolicies;

export const putResourcePolicy = async (change: {
  PolicyName: string;
  PolicyDocument: string;
  /** What must be there: `NEW_REVISION` or the revision that was read. */
  PolicyRevisionId: string;
  BypassPolicyLockoutCheck: boolean;
}): Promise<ResourcePolicy> => (await post("PutResourcePolicy", change, one)).ResourcePolicy;

export const deleteResourcePolicy = async (name: string, revision: string | undefined): Promise<void> => {
  const request = { PolicyName: name, ...(revision === undefined ? {} : { PolicyRevisionId: revision }) };
  await post("DeleteResourcePolicy", request, nothing);
};
