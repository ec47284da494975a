/** JSON that a person writes, with the place of what is wrong in it. */

export type ParsedJson = { isValid: true; value: unknown } | { isValid: false; problem: string };

export function parseJson(text: string): ParsedJson {
  if (text.trim() === "") return { isValid: false, problem: "nothing is written here" };
  try {
    return { isValid: true, value: JSON.parse(text) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "";
    const offset = /position (\d+)/.exec(message)?.[1];
    const words = message
      .replace(/^JSON\.parse: /, "")
      .replace(/,? ?(in JSON )?at position.*$|\.{3}.*$/s, "");
    if (offset === undefined) return { isValid: false, problem: `not JSON: ${words || "it ends too early"}` };
    const before = text.slice(0, Number(offset)).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    return { isValid: false, problem: `not JSON: ${words} (line ${before.length}, column ${column})` };
  }
}
