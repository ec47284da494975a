/** A JSON value as lines of a tree: what is open, what matches, how large. Pure, so that its limits are tested. */

export interface Line {
  /** As a person would write it: `default.items[3].name`. */
  path: string;
  depth: number;
  key: string;
  value: unknown;
  isOpen: boolean;
  /** Objects and lists: how many members; undefined for plain values. */
  members: number | undefined;
  isMatch: boolean;
  /** Not a member: so many more members are there than are shown. */
  more?: number;
}

export interface OutlineOptions {
  /** Paths whose state differs from the one by depth. */
  toggled: ReadonlySet<string>;
  /** Levels that are open at first. */
  openDepth: number;
  /** Members shown of each object or list; more under `shownMax`. */
  membersMax: number;
  /** Lines in all. */
  linesMax: number;
  search: string;
}

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Deeper values are not walked when searching. */
const DEPTH_MAX = 64;

export function outline(value: unknown, options: OutlineOptions): Line[] {
  const lines: Line[] = [];
  const wanted = options.search.trim().toLowerCase();
  const found = wanted === "" ? undefined : matching(value, wanted);
  const walk = (at: unknown, path: string, key: string, depth: number) => {
    if (lines.length >= options.linesMax) return;
    const entries = isContainer(at) ? entriesOf(at) : undefined;
    const isNatural = depth < options.openDepth || found?.below.has(path) === true;
    const isOpen = entries !== undefined && entries.length > 0 && isNatural !== options.toggled.has(path);
    const isMatch = found?.own.has(path) === true;
    if (key !== "") lines.push({ path, depth, key, value: at, isOpen, members: entries?.length, isMatch });
    if (!isOpen || !entries) return;
    for (const [name, member] of entries.slice(0, options.membersMax)) {
      walk(member, join(path, name, Array.isArray(at)), name, depth + 1);
    }
    const more = entries.length - options.membersMax;
    if (more > 0) {
      const rest = { depth: depth + 1, key: "", value: undefined, isOpen: false, members: undefined };
      lines.push({ ...rest, path: `${path}…`, isMatch: false, more });
    }
  };
  walk(value, "", "", -1);
  return lines;
}

const entriesOf = (value: object): [string, unknown][] =>
  Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value);

export function join(path: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

interface Found {
  own: Set<string>;
  /** Paths above a match. */
  below: Set<string>;
}

function matching(value: unknown, wanted: string): Found {
  const own = new Set<string>();
  const below = new Set<string>();
  const walk = (at: unknown, path: string, key: string, depth: number): boolean => {
    const isOwn = key.toLowerCase().includes(wanted) || (!isContainer(at) && text(at).includes(wanted));
    if (isOwn && key !== "") own.add(path);
    let isBelow = false;
    if (isContainer(at) && depth < DEPTH_MAX) {
      for (const [name, member] of entriesOf(at)) {
        const isFound = walk(member, join(path, name, Array.isArray(at)), name, depth + 1);
        isBelow = isFound || isBelow;
      }
    }
    if (isBelow) below.add(path);
    return isOwn || isBelow;
  };
  walk(value, "", "", 0);
  return { own, below };
}

const text = (value: unknown): string => String(value).toLowerCase();

/** Bytes of the value as JSON. */
export function bytesOf(value: unknown): number {
  const json = JSON.stringify(value);
  return json === undefined ? 0 : new TextEncoder().encode(json).length;
}
