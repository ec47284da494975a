/**
 * The state that pages of the CloudWatch console write behind `?` in their hash: `~(query~(expression~'a*20b)~n~1)`.
 * Observed in links that people publish; `*28` is a character by two, `**20ac` by four hexadecimal digits.
 */

export type AwsState = string | number | boolean | null | AwsState[] | { [name: string]: AwsState };

/** Deeper than any link of the console. */
const DEPTH_MAX = 12;

/** Undefined if `text` is not in this notation; what is cut off at the end is left out. */
export function parseAwsState(text: string): AwsState | undefined {
  if (!text.startsWith("~")) return undefined;
  const read: Reading = { text, at: 1 };
  const value = readValue(read, 0);
  return read.isBad ? undefined : value;
}

interface Reading {
  text: string;
  at: number;
  isBad?: boolean;
}

function readValue(read: Reading, depth: number): AwsState {
  const first = read.text[read.at];
  if (first === "(") return readGroup(read, depth + 1);
  if (first !== "'") return literal(readWord(read));
  read.at += 1;
  return unescaped(readWord(read));
}

/** An object, or a list when no name comes first. */
function readGroup(read: Reading, depth: number): AwsState {
  read.at += 1;
  if (depth > DEPTH_MAX) {
    read.isBad = true;
    return null;
  }
  const isList = read.text[read.at] === "~";
  const items: AwsState[] = [];
  const members: [string, AwsState][] = [];
  while (!read.isBad && read.at < read.text.length && read.text[read.at] !== ")") {
    const name = isList ? "" : unescaped(readWord(read));
    if (read.text[read.at] !== "~") {
      // A name without a value: the link was cut off here, or is none of theirs.
      read.isBad = read.at < read.text.length;
      break;
    }
    read.at += 1;
    const value = readValue(read, depth);
    if (isList) {
      items.push(value);
      continue;
    }
    members.push([name, value]);
    if (read.text[read.at] === "~") read.at += 1;
  }
  read.at += 1;
  // No prototype: a name may be anything.
  return isList ? items : Object.assign(Object.create(null), Object.fromEntries(members));
}

function readWord(read: Reading): string {
  const start = read.at;
  while (read.at < read.text.length && !"~()".includes(read.text[read.at] ?? "")) read.at += 1;
  return read.text.slice(start, read.at);
}

function literal(word: string): AwsState {
  if (word === "true" || word === "false") return word === "true";
  if (word === "null" || word === "") return null;
  const value = Number(word);
  return Number.isNaN(value) ? word : value;
}

const unescaped = (text: string): string =>
  text.replace(/\*\*([0-9a-f]{4})|\*([0-9a-f]{2})/gi, (_, four: string, two: string) =>
    String.fromCharCode(Number.parseInt(four ?? two, 16)),
  );
