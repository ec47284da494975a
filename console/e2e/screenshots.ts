/** One picture of each page, with the demo's data; the map and the timeline in both themes. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type Theme, useConsole } from "./support/console";
import { DEMO, insightOf } from "./support/demo";
import { settled } from "./support/settled";

const DIRECTORY = join(import.meta.dirname, "../../docs/screenshots");
const BYTES_MAX = 200_000;
const it = useConsole(async server => {
  await insightOf(server);
}, DEMO);

async function shoot(name: string, hash: string, theme: Theme, ready?: (page: Page) => Promise<unknown>) {
  const page = await it.open(hash, { theme, width: 1200, height: 720 });
  await settled(page);
  await ready?.(page);
  const path = join(DIRECTORY, `${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
  expect(statSync(path).size, `bytes of ${name}`).toBeLessThanOrEqual(BYTES_MAX);
}

async function failedTrace(): Promise<{ id: string; segment: string }> {
  const now = Date.now() / 1000;
  type Found = { TraceSummaries: { Id: string }[] };
  const range = { StartTime: now - 1800, EndTime: now, FilterExpression: 'service("pay") { fault }' };
  const id = (await it.server.call<Found>("TraceSummaries", range)).TraceSummaries[0]?.Id ?? "";
  type Traces = { Traces: { Segments: { Document: string }[] }[] };
  const { Traces } = await it.server.call<Traces>("Traces", { TraceIds: [id] });
  const segments = (Traces[0]?.Segments ?? []).map(({ Document }) => JSON.parse(Document));
  return { id, segment: segments.find(({ name }) => name === "pay")?.id ?? "" };
}

for (const theme of ["light", "dark"] as const) {
  test(`map and timeline, ${theme}`, async () => {
    await shoot(`trace-map-${theme}`, "#/service-map?timeRange=PT30M", theme, page =>
      page.getByRole("button", { name: /^pay, / }).waitFor(),
    );
    const { id, segment } = await failedTrace();
    await shoot(`trace-${theme}`, `#/traces/${id}?segment=${segment}&tab=exceptions`, theme, page =>
      page.getByText("the acquirer did not answer").first().waitFor(),
    );
  });
}

test("the other pages", async () => {
  await shoot("traces", "#/traces?timeRange=PT3H", "light", page =>
    page
      .getByText(/all scanned/)
      .first()
      .waitFor(),
  );
  await shoot("insights", "#/insights?timeRange=PT3H", "light");
  await shoot("insight", `#/insights/${await insightOf(it.server)}`, "light", page =>
    page.getByRole("group", { name: /Impact map/ }).waitFor(),
  );
  await shoot("groups", "#/groups/checkout", "light");
  await shoot("sampling", "#/sampling/orders", "light");
  await shoot("settings", "#/settings/indexing", "light");
  await shoot("daemons", "#/daemons", "light");
  await shoot("getting-started", "#/getting-started", "light");
}, 180_000);
