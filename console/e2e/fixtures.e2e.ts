/** The fixtures are what they say, and the server takes them: without this the other tests prove nothing. */
import { describe, expect, test } from "vitest";
import { useConsole } from "./support/console";
import type { Document } from "./support/documents";
import { eventually } from "./support/eventually";
import { hostileTrace, hugeTrace, oddTrace } from "./support/hostile";
import { shopTraffic } from "./support/shop";
import { graphOf, traceOf } from "./support/trees";

const now = Date.now();
const it = useConsole(async () => undefined);

const count = (documents: Document[]): number =>
  documents.reduce((sum, part) => sum + 1 + count((part.subsegments as Document[] | undefined) ?? []), 0);

async function stored(id: string): Promise<Document[]> {
  type Answer = { Traces: { Segments: { Document: string }[] }[] };
  const answer = await it.server.call<Answer>("Traces", { TraceIds: [id] });
  return (answer.Traces[0]?.Segments ?? [])
    .map(segment => JSON.parse(segment.Document))
    .filter(segment => segment.inferred !== true);
}

describe("traces", () => {
  for (const spans of [1, 100, 10_000]) {
    test(`of ${spans} spans`, async () => {
      const { id, documents } = traceOf(spans, now - 60_000);
      expect(count(documents)).toBe(spans);
      await it.server.put(documents);
      expect(count(await stored(id))).toBe(spans);
    });
  }

  test("of 50,000 spans", () => {
    expect(count(traceOf(50_000, now).documents)).toBe(50_000);
  });

  test("with hostile text, and of odd shapes", async () => {
    for (const { id, documents } of [
      hostileTrace(now - 60_000),
      hugeTrace(now - 60_000),
      oddTrace(now - 60_000),
    ]) {
      await it.server.put(documents);
      expect((await stored(id)).length).toBe(documents.length);
    }
  });
});

describe("service graphs", () => {
  for (const nodes of [10, 300, 1000]) {
    test(`of ${nodes} services`, async () => {
      const start = now - 3_600_000 - nodes * 60_000;
      await it.server.put(graphOf(nodes, start));
      type Answer = { Services: { Type?: string }[]; NextToken?: string };
      const window = { StartTime: start / 1000 - 1, EndTime: start / 1000 + 60 };
      await eventually("all services", async () => {
        const found: Answer["Services"] = [];
        let token: string | undefined;
        do {
          const page: Answer = await it.server.call("ServiceGraph", { ...window, NextToken: token });
          found.push(...page.Services);
          token = page.NextToken;
        } while (token);
        return found.filter(service => service.Type !== "client").length === nodes || undefined;
      });
    });
  }
});

test("the shop's traffic is the same for the same seed", () => {
  const traffic = (seed: number) => shopTraffic({ seed, end: now, minutes: 5, perMinute: 20 });
  expect(traffic(1)).toEqual(traffic(1));
  expect(traffic(1)).not.toEqual(traffic(2));
});
