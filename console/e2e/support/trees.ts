/** Traces and service graphs of any size. */
import { type Document, entity, exception, http, inTrace, type Span, traceId } from "./documents";
import { Random } from "./random";

const SERVICES = ["gateway", "orders", "cart", "stock", "prices", "search", "mail", "audit", "users"];
/** Spans of one segment document, at most: far below the 64 kB of a document. */
const SPANS_OF_SEGMENT = 60;

/** What a segment may be called from. */
interface Caller {
  subsegment: Document;
  span: Span;
}

/** A trace with exactly so many segments and subsegments, of nine services, begun at `start`. */
export function traceOf(spans: number, start: number, seed = spans): { id: string; documents: Document[] } {
  const random = new Random(seed);
  const id = traceId(random, start);
  const lasts = 200 + spans / 10;
  const documents: Document[] = [];
  const callers: Caller[] = [];
  for (let left = spans; left > 0; ) {
    const caller = documents.length === 0 ? undefined : random.pick(callers);
    const span = caller?.span ?? { start, end: start + lasts };
    // Only what has a segment on its other end is a call: the server adds a segment to each that has none.
    if (caller) Object.assign(caller.subsegment, { namespace: "remote", name: `call ${documents.length}` });
    const within = Math.min(left, SPANS_OF_SEGMENT) - 1;
    const name = SERVICES[documents.length % SERVICES.length] as string;
    const fails = random.chance(0.02);
    const segment = entity(random, name, span, {
      trace_id: id,
      ...(caller ? { parent_id: caller.subsegment.id } : {}),
      ...http("GET", `http://${name}.local/${documents.length}`, fails ? 500 : 200),
      ...(fails ? exception(random, "Broken", `number ${documents.length} broke`) : {}),
    });
    segment.subsegments = subsegments(random, span, within, callers);
    documents.push(segment);
    left -= within + 1;
  }
  return { id, documents };
}

/** So many subsegments, nested up to four deep, one after the other within `span`. */
function subsegments(random: Random, span: Span, count: number, callers: Caller[], depth = 0): Document[] {
  const made: Document[] = [];
  const children = depth >= 3 ? count : Math.min(count, 6);
  const length = (span.end - span.start) / Math.max(1, children);
  let left = count;
  for (let index = 0; index < children; index++) {
    const own = Math.ceil(left / (children - index));
    const start = span.start + index * length;
    const part = { start, end: start + length * (0.6 + 0.4 * random.share()) };
    const subsegment = entity(random, `step ${depth}.${index}`, part);
    if (own > 1) subsegment.subsegments = subsegments(random, part, own - 1, callers, depth + 1);
    else callers.push({ subsegment, span: part });
    made.push(subsegment);
    left -= own;
  }
  return made;
}

/** A service graph of exactly so many services in one tree of calls, with a tenth more edges across. */
export function graphOf(nodes: number, start: number, requests = 3): Document[] {
  const random = new Random(nodes);
  const tree = Array.from({ length: nodes - 1 }, (_, node) => [Math.floor(node / 3), node + 1] as const);
  // An edge across calls a service that is called elsewhere too: one more segment of the same name.
  const across = Array.from({ length: Math.floor(nodes / 10) }, () => {
    const from = random.below(nodes - 1);
    return { from, to: from + 1 + random.below(nodes - from - 1) };
  });
  const edges = [...tree, ...across.map(({ from }, index) => [from, nodes + index] as const)];
  const name = (segment: number) => {
    const service = segment < nodes ? segment : (across[segment - nodes]?.to ?? 0);
    return `service-${String(service).padStart(4, "0")}`;
  };
  return Array.from({ length: requests }, (_, request) =>
    calls(random, start + request * 1000, nodes + across.length, edges, name),
  ).flat();
}

/** One trace with a segment per node; edges name caller and called, callers first. */
function calls(
  random: Random,
  at: number,
  nodes: number,
  edges: readonly (readonly [number, number])[],
  name: (node: number) => string,
): Document[] {
  const trace = traceId(random, at);
  const spans: Span[] = [{ start: at, end: at + 400 }];
  const segments = Array.from({ length: nodes }, () => ({}) as Document);
  const parents = new Map<number, unknown>();
  const below = new Map<number, number[]>();
  for (const [from, to] of edges) below.set(from, [...(below.get(from) ?? []), to]);
  for (let node = 0; node < nodes; node++) {
    const span = spans[node] as Span;
    const status = random.chance(0.03) ? 500 : 200;
    const called = below.get(node) ?? [];
    const length = (span.end - span.start) / Math.max(1, called.length);
    const subsegments = called.map((to, index) => {
      const start = span.start + index * length;
      spans[to] = { start, end: start + length * 0.9 };
      const call = entity(random, name(to), spans[to], {
        namespace: "remote",
        ...http("GET", `http://${name(to)}.local/`, 200),
      });
      parents.set(to, call.id);
      return call;
    });
    segments[node] = entity(random, name(node), span, {
      ...(parents.has(node) ? { parent_id: parents.get(node) } : {}),
      ...http("GET", `http://${name(node)}.local/`, status),
      subsegments,
    });
  }
  return segments.map(segment => inTrace(trace, segment));
}

/** The smallest complete traces, for lists: newest last, `gap` milliseconds apart. */
export function summariesOf(count: number, end: number, gap = 10): Document[] {
  const random = new Random(count);
  return Array.from({ length: count }, (_, number) => {
    const start = end - (count - number) * gap;
    const status = random.pick([200, 200, 200, 200, 404, 500]);
    const document = entity(random, random.pick(SERVICES), { start, end: start + random.latency(80) });
    return inTrace(traceId(random, start), {
      ...document,
      ...http("GET", `http://shop.example/item/${number % 50}`, status),
    });
  });
}
