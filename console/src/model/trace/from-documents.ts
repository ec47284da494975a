/**
 * Rows from the documents that `BatchGetTraces` returns (spec segments.md 5, 6, 8). Nothing is taken on trust:
 * wrong types count as absent, duplicates are settled by the rules of merging, any depth is walked without recursion.
 */
import { StringTable } from "./strings";
import {
  type Draft,
  FLAG_ANNOTATIONS,
  FLAG_ANY_ERROR,
  FLAG_ERROR,
  FLAG_EXCEPTION_REFERENCE,
  FLAG_EXCEPTIONS,
  FLAG_FAULT,
  FLAG_IN_PROGRESS,
  FLAG_LINKS,
  FLAG_METADATA,
  FLAG_SQL,
  FLAG_THROTTLE,
  KIND_INFERRED,
  KIND_SEGMENT,
  KIND_SUBSEGMENT,
  THROWN_MAX,
  type Thrown,
} from "./table";

export type Json = Record<string, unknown>;

export interface DocumentTrace {
  id: string;
  limitExceeded: boolean;
  /** Parsed; one per segment, and one per orphan. */
  documents: unknown[];
}

/** An entity of the documents: a segment, inferred segment or subsegment. */
export interface Entity {
  id: string;
  kind: number;
  json: Json;
  /** Index of the entity that embeds it; -1 for a document of its own. */
  container: number;
  /** Name of the segment that embeds it; undefined in a document of its own. */
  service: string | undefined;
  parentId: string | undefined;
  isAlive: boolean;
}

/** All entities, containers before what they hold. */
export function entitiesOf(documents: unknown[]): Entity[] {
  const entities: Entity[] = [];
  const known = new Map<string, number>();
  for (const document of documents) {
    const json = object(document);
    if (!json) continue;
    const isSubsegment = json.type === "subsegment";
    const kind = isSubsegment ? KIND_SUBSEGMENT : json.inferred === true ? KIND_INFERRED : KIND_SEGMENT;
    const service = isSubsegment ? undefined : text(json.name);
    const stack = [{ json, kind, container: -1, service, parentId: text(json.parent_id) }];
    while (stack.length > 0) {
      const { json: own, ...rest } = stack.pop() as (typeof stack)[number];
      const id = text(own.id)?.toLowerCase() ?? "";
      const before = known.get(id);
      if (before !== undefined && !wins(entities, own, rest, before)) continue;
      const index = entities.length;
      if (before !== undefined) (entities[before] as Entity).isAlive = false;
      known.set(id, index);
      entities.push({ id, json: own, ...rest, isAlive: true });
      const below = list(own.subsegments);
      for (let at = below.length - 1; at >= 0; at -= 1) {
        const child = object(below[at]);
        if (!child) continue;
        stack.push({ json: child, kind: KIND_SUBSEGMENT, container: index, service, parentId: id });
      }
    }
  }
  for (const entity of entities) {
    if (entity.container >= 0 && !entities[entity.container]?.isAlive) entity.isAlive = false;
  }
  return entities;
}

/** Whether an entity replaces the one that has its id (spec segments.md 5): complete over in progress, then the later. */
function wins(
  entities: Entity[],
  json: Json,
  { kind, container }: { kind: number; container: number },
  before: number,
): boolean {
  const other = entities[before] as Entity;
  if ((kind === KIND_SUBSEGMENT) !== (other.kind === KIND_SUBSEGMENT)) return false;
  if (isWithin(entities, container, before) || sameDocument(entities, container, before)) return false;
  return !(isOpen(json) && !isOpen(other.json));
}

function isWithin(entities: Entity[], container: number, ancestor: number): boolean {
  let at = container;
  while (at > ancestor) at = (entities[at] as Entity).container;
  return at === ancestor;
}

function sameDocument(entities: Entity[], container: number, before: number): boolean {
  const top = (index: number) => {
    let at = index;
    while (at >= 0 && (entities[at] as Entity).container >= 0) at = (entities[at] as Entity).container;
    return at;
  };
  return container >= 0 && top(container) === top(before);
}

const isOpen = (json: Json): boolean => number(json.end_time) === undefined;

export function draftFromDocuments(trace: DocumentTrace): Draft {
  const entities = entitiesOf(trace.documents).filter(entity => entity.isAlive);
  const rows = new Map<string, number>();
  for (const [row, { id }] of entities.entries()) rows.set(id, row);
  const strings = new StringTable();
  const count = entities.length;
  let startMicros = Number.POSITIVE_INFINITY;
  for (const { json } of entities) startMicros = Math.min(startMicros, startOf(json) ?? startMicros);
  if (!Number.isFinite(startMicros)) startMicros = 0;
  const draft: Draft = {
    id: trace.id,
    startMicros,
    revision: 0,
    limitExceeded: trace.limitExceeded,
    strings: strings.strings,
    ids: entities.map(({ id }) => id),
    parent: new Int32Array(count).fill(-1),
    missingParent: new Uint32Array(count),
    kind: Uint8Array.from(entities, ({ kind }) => kind),
    name: new Uint32Array(count),
    service: new Uint32Array(count),
    origin: new Uint32Array(count),
    namespace: new Uint32Array(count),
    start: new Float64Array(count),
    duration: new Float64Array(count),
    flags: new Uint16Array(count),
    method: new Uint32Array(count),
    url: new Uint32Array(count),
    status: new Uint16Array(count),
    exceptions: [],
  };
  for (const [row, entity] of entities.entries()) fillRow(draft, row, entity, rows, strings);
  inheritServices(draft, entities);
  draft.exceptions = thrownIn(draft, entities);
  return draft;
}

/** As docs/console-api.md says: of failed rows below which no other threw one, the deepest first. */
function thrownIn({ parent, flags }: Draft, entities: Entity[]): Thrown[] {
  const all = entities.flatMap(({ json }, row) => {
    const found = (flags[row] as number) & FLAG_ANY_ERROR ? innermost(json) : undefined;
    return found ? [{ row, depth: 0, found }] : [];
  });
  const own = all.filter(({ found }) => found.remote !== true);
  const above = new Set<number>();
  const failed = own.length > 0 ? own : all;
  for (const one of failed) {
    // A cycle of parents ends where it began.
    let at = parent[one.row] as number;
    for (; at >= 0 && one.depth < entities.length; at = parent[at] as number) {
      above.add(at);
      one.depth += 1;
    }
  }
  return failed
    .filter(({ row }) => !above.has(row))
    .sort((a, b) => b.depth - a.depth || a.row - b.row)
    .slice(0, THROWN_MAX)
    .map(({ row, found }) => ({ row, type: text(found.type) ?? "", message: text(found.message) ?? "" }));
}

/** The exception that the others of an entity came of; a remote one if there are no others. */
function innermost(json: Json): Json | undefined {
  const all = list(object(json.cause)?.exceptions)
    .map(object)
    .filter(one => one !== undefined);
  let found = all.find(one => one.remote !== true);
  for (const _ of all) {
    const cause = found && text(found.cause);
    const next = all.find(one => cause !== undefined && one.id === cause && one.remote !== true);
    if (!next) break;
    found = next;
  }
  return found ?? all[0];
}

function fillRow(
  draft: Draft,
  row: number,
  entity: Entity,
  rows: Map<string, number>,
  strings: StringTable,
): void {
  const { json, parentId } = entity;
  const parent = parentId === undefined ? undefined : rows.get(parentId.toLowerCase());
  if (parent !== undefined) draft.parent[row] = parent;
  else if (parentId !== undefined) draft.missingParent[row] = strings.add(parentId);
  const name = text(json.name) ?? "";
  draft.name[row] = strings.add(name);
  draft.service[row] = strings.add(entity.service ?? "");
  draft.origin[row] = strings.add(text(json.origin) ?? "");
  const namespace = text(json.namespace) ?? "";
  draft.namespace[row] = strings.add(namespace === "aws" || namespace === "remote" ? namespace : "");
  const start = startOf(json) ?? draft.startMicros;
  const end = number(json.end_time);
  draft.start[row] = start - draft.startMicros;
  draft.duration[row] = end === undefined ? -1 : Math.max(0, toMicros(end) - start);
  draft.flags[row] = flagsOf(json);
  const request = object(object(json.http)?.request);
  draft.method[row] = strings.add(text(request?.method) ?? text(object(json.aws)?.operation) ?? "");
  draft.url[row] = strings.add(text(request?.url) ?? "");
  draft.status[row] = statusOf(json) ?? 0;
}

/** A subsegment that came by itself is of the service that its parent is of. */
function inheritServices(draft: Draft, entities: Entity[]): void {
  for (let row = 0; row < entities.length; row += 1) {
    if (draft.kind[row] !== KIND_SUBSEGMENT || draft.service[row] !== 0) continue;
    const path: number[] = [];
    let at = row;
    // A cycle of parents ends where it began; it has no service.
    while (at >= 0 && draft.service[at] === 0 && path.length <= entities.length) {
      path.push(at);
      at = draft.parent[at] as number;
    }
    const service = at >= 0 ? (draft.service[at] as number) : 0;
    for (const step of path) draft.service[step] = service;
  }
}

/** Effective flags: what is written decides; else the status does (spec segments.md 6). */
export function flagsOf(json: Json): number {
  const status = statusOf(json) ?? 0;
  const written = (name: string, derived: boolean) =>
    typeof json[name] === "boolean" ? (json[name] as boolean) : derived;
  const isThrottle = written("throttle", status === 429);
  const isError = written("error", (status >= 400 && status < 500) || isThrottle);
  const exceptions = list(object(json.cause)?.exceptions);
  return (
    (isError ? FLAG_ERROR : 0) |
    (written("fault", status >= 500 && status < 600) ? FLAG_FAULT : 0) |
    (isThrottle ? FLAG_THROTTLE : 0) |
    (isOpen(json) ? FLAG_IN_PROGRESS : 0) |
    (exceptions.length > 0 ? FLAG_EXCEPTIONS : 0) |
    (typeof json.cause === "string" ? FLAG_EXCEPTION_REFERENCE : 0) |
    (object(json.sql) ? FLAG_SQL : 0) |
    (hasMembers(json.annotations) ? FLAG_ANNOTATIONS : 0) |
    (hasMembers(json.metadata) ? FLAG_METADATA : 0) |
    (list(json.links).length > 0 ? FLAG_LINKS : 0)
  );
}

export function statusOf(json: Json): number | undefined {
  const status = object(object(json.http)?.response)?.status;
  const value = typeof status === "string" && /^\d+$/.test(status) ? Number(status) : status;
  return typeof value === "number" && value >= 0 && value < 65_536 ? Math.trunc(value) : undefined;
}

/** Seconds to microseconds: a double holds today's to a quarter of one. */
const toMicros = (seconds: number): number => Math.round(seconds * 1e6);

const startOf = (json: Json): number | undefined => {
  const seconds = number(json.start_time);
  return seconds === undefined ? undefined : toMicros(seconds);
};

const hasMembers = (value: unknown): boolean => {
  const found = object(value);
  return found !== undefined && Object.keys(found).length > 0;
};

export const object = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

export const number = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
