/** Tags of groups and rules (spec security.md 6). */

export const TAGS_MAX = 50;

/** What is wrong with a list of tags, in words; the server has the last word. */
export function tagsProblem(tags: readonly { Key: string; Value: string }[]): string | undefined {
  if (tags.length > TAGS_MAX) return `at most ${TAGS_MAX} tags are allowed`;
  const keys = new Set<string>();
  for (const { Key, Value } of tags) {
    if (Key === "") return "a tag needs a key";
    if (keys.has(Key)) return `the key "${Key}" is there twice`;
    if (/^aws:/i.test(Key)) return 'keys that begin with "aws:" are reserved';
    if ([...Key].length > 128) return "a key has at most 128 characters";
    if ([...Value].length > 256) return "a value has at most 256 characters";
    if (!ALLOWED.test(Key) || !ALLOWED.test(Value)) return "letters, digits, spaces and _ . : / = + - @ only";
    keys.add(Key);
  }
  return undefined;
}

const ALLOWED = /^[\p{L}\p{N}\p{Zs}_.:/=+\-@]*$/u;
