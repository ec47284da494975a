/** What an attacker or a broken program may write: shown safely, run nowhere. */
import { type Document, entity, inTrace, seconds, traceId } from "./documents";
import { Random } from "./random";

/** The page's guard defines `executed`: calling it fails the test. */
export const MARKUP = [
  "<script>executed('script')</script>",
  "<img src=x onerror=executed('img')>",
  "\"><svg onload=executed('svg')>",
  "'-executed('quote')-'",
  "<a href=\"javascript:executed('href')\">click</a>",
  "<style>*{display:none}</style>",
  "{{executed('template')}}",
  "</title><script>executed('title')</script>",
] as const;

/** Right-to-left override, isolates, zero width, controls, half a pair, a long run of marks. */
export const TEXTS = [
  "invoice\u202Efdp.exe",
  "\u2066isolate\u2069 \u200Bzero\u200D width\uFEFF",
  "bell\u0007 escape\u001B[31m null\u0000 line\nbreak\ttab",
  "lone \uD800 surrogate",
  `marks ${"\u0300".repeat(200)}`,
  "long ".repeat(300),
  "",
] as const;

const URLS = [
  "javascript:executed('url')",
  "data:text/html,<script>executed('data')</script>",
  "//evil.example/",
];

/** A trace with hostile text in every field that takes text. */
export function hostileTrace(start: number): { id: string; documents: Document[] } {
  const random = new Random(666);
  const id = traceId(random, start);
  const texts = [...MARKUP, ...TEXTS];
  const documents = texts.map((text, number) => {
    const url = URLS[number % URLS.length] as string;
    const http = {
      request: {
        method: text.slice(0, 100),
        url: number % 2 ? url : `https://shop.example/${text}`,
        user_agent: text,
        client_ip: text,
      },
      response: { status: 500, content_length: 1 },
    };
    const stack = [{ path: text, line: 1, label: text }];
    const child = entity(
      random,
      "child of hostile",
      { start, end: start + 20 },
      {
        namespace: "remote",
        sql: {
          url,
          database_type: text,
          database_version: text,
          user: text,
          driver_version: text,
          sanitized_query: text,
        },
        aws: { operation: text, table_name: text, queue_url: url, resource_names: [text] },
      },
    );
    return inTrace(
      id,
      entity(
        random,
        "hostile.host",
        { start: start + number, end: start + number + 30 },
        {
          ...(number > 0 ? { parent_id: random.hex(16) } : {}),
          fault: true,
          user: text,
          http,
          service: { version: text, runtime: text },
          origin: number % 3 === 0 ? text.slice(0, 200) : "AWS::ECS::Container",
          resource_arn: text,
          aws: { ecs: { container: text }, custom: { [text.slice(0, 60) || "empty"]: text } },
          annotations: { text, key_1: number, "bad key <b>": text },
          metadata: {
            [text.slice(0, 60) || "empty"]: { nested: { [text.slice(0, 60) || "empty"]: [text, url] } },
          },
          cause: {
            working_directory: text,
            paths: [text],
            exceptions: [{ id: random.hex(16), type: text, message: text, stack }],
          },
          subsegments: [child],
        },
      ),
    );
  });
  return { id, documents };
}

/** One value of fifty thousand characters, and JSON a hundred levels deep. */
export function hugeTrace(start: number): { id: string; documents: Document[] } {
  const random = new Random(77);
  const id = traceId(random, start);
  let deep: unknown = "the bottom";
  for (let level = 0; level < 60; level++) deep = { level, deep };
  const wide = entity(
    random,
    "wide",
    { start, end: start + 10 },
    { metadata: { default: { value: "x".repeat(50_000) } } },
  );
  const nested = entity(
    random,
    "deep",
    { start, end: start + 9 },
    { parent_id: wide.id, metadata: { default: { deep } } },
  );
  return { id, documents: [wide, nested].map(part => inTrace(id, part)) };
}

/** Shapes that no healthy program sends: orphans, a cycle, no duration, children outside, unfinished. */
export function oddTrace(start: number): { id: string; documents: Document[] } {
  const random = new Random(13);
  const id = traceId(random, start);
  const root = entity(random, "odd", { start, end: start + 100 });
  const orphan = entity(
    random,
    "orphan",
    { start: start + 10, end: start + 20 },
    { parent_id: random.hex(16) },
  );
  const one = entity(random, "one of a cycle", { start: start + 20, end: start + 30 });
  const two = entity(random, "two of a cycle", { start: start + 21, end: start + 29 }, { parent_id: one.id });
  one.parent_id = two.id;
  const own = entity(random, "its own parent", { start: start + 22, end: start + 23 });
  own.parent_id = own.id;
  const instant = entity(random, "instant", { start: start + 40, end: start + 40 }, { parent_id: root.id });
  const early = entity(random, "early", { start: start - 400, end: start + 500 }, { parent_id: root.id });
  const open = {
    name: "unfinished",
    id: random.hex(16),
    start_time: seconds(start + 50),
    in_progress: true,
    parent_id: root.id,
  };
  const documents = [root, orphan, one, two, own, instant, early, open].map(part => inTrace(id, part));
  return { id, documents };
}
