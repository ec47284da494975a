/** `ListTagsForResource`, `TagResource` and `UntagResource` (spec api.md; security.md 6). */
import { array, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

const tag = shape({ Key: string, Value: withDefault(string, "") });
const answer = shape({ Tags: withDefault(array(tag), []) });
const nothing = shape({});

export type Tag = Read<typeof tag>;

/** Sorted by key; one page. */
export const listTagsForResource = async (arn: string, options: CallOptions = {}): Promise<Tag[]> =>
  (await post("ListTagsForResource", { ResourceARN: arn }, answer, options)).Tags;

/** Adds or overwrites. */
export const tagResource = async (arn: string, tags: Tag[]): Promise<void> => {
  await post("TagResource", { ResourceARN: arn, Tags: tags }, nothing);
};

export const untagResource = async (arn: string, keys: string[]): Promise<void> => {
  await post("UntagResource", { ResourceARN: arn, TagKeys: keys }, nothing);
};

/** Makes the tags of a resource those of `wanted`. */
export async function replaceTags(arn: string, before: Tag[], wanted: Tag[]): Promise<void> {
  const keys = new Set(wanted.map(({ Key }) => Key));
  const gone = before.filter(({ Key }) => !keys.has(Key)).map(({ Key }) => Key);
  const changed = wanted.filter(
    ({ Key, Value }) => !before.some(other => other.Key === Key && other.Value === Value),
  );
  if (gone.length > 0) await untagResource(arn, gone);
  if (changed.length > 0) await tagResource(arn, changed);
}
