import { expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { type Document, entity, seconds, traceId } from "./support/documents";
import { oddTrace } from "./support/hostile";
import { Random } from "./support/random";
import { hashOf, parameter, settled } from "./support/settled";
import { shopTraffic } from "./support/shop";
import { traceOf } from "./support/trees";

const NOW = Date.now();
const TRAFFIC = shopTraffic({ seed: 13, end: NOW - 1000, minutes: 10, perMinute: 30 });
const FAILED = TRAFFIC.find(document => document.name === "payments" && document.fault === true);
const SEARCH = TRAFFIC.find(document => document.name === "search");
const TREE = traceOf(100, NOW - 60_000);
const ODD = oddTrace(NOW - 60_000);
const it = useConsole(server => server.put([...TRAFFIC, ...TREE.documents, ...ODD.documents]));

const timeline = "treegrid";

for (const theme of ["light", "dark"] as const) {
  test(`timeline, every tab of the panel and the raw view have no serious finding, ${theme}`, async () => {
    const page = await it.open(`#/traces/${FAILED?.trace_id}?segment=${FAILED?.id}`, { theme });
    await page.getByRole("tab", { name: "Exceptions" }).waitFor();
    const panel = page.getByRole("region", { name: "Segment" });
    for (const tab of await panel.getByRole("tab").all()) {
      await tab.click();
      await settled(page);
      await audit(page);
    }
    await page.getByRole("tab", { name: "Raw" }).first().click();
    await settled(page);
    await audit(page);
  });
}

test("the panel says what the documents say, tab by tab, and keeps the tab between rows", async () => {
  const page = await it.open(`#/traces/${SEARCH?.trace_id}`);
  const grid = page.getByRole(timeline, { name: "Timeline" });
  await grid.getByRole("row").filter({ hasText: "catalogue@db.shop.local" }).first().click();
  await page.getByRole("tab", { name: "SQL" }).click();
  const panel = page.getByRole("region", { name: "Segment" });
  await panel.getByText(/ILIKE/).first().waitFor();
  await panel
    .getByText(/PostgreSQL/)
    .first()
    .waitFor();
  await grid
    .getByRole("row")
    .filter({ hasText: /^search/ })
    .last()
    .click();
  await page.getByRole("tab", { name: "Annotations" }).click();
  await panel.getByText("shard").first().waitFor();
  expect(await parameter(page, "tab")).toBe("annotations");
  const fresh = await it.open(await hashOf(page));
  await fresh.getByText("shard").first().waitFor();
});

test("rows are walked, folded, searched and filtered by keys", async () => {
  const page = await it.open(`#/traces/${TREE.id}`);
  const grid = page.getByRole(timeline, { name: "Timeline" });
  await grid.waitFor();
  await settled(page);
  const count = () => grid.getAttribute("aria-rowcount").then(Number);
  expect(await count()).toBeGreaterThanOrEqual(100);
  const active = () => page.locator('[role=row][aria-selected="true"]').first().getAttribute("data-row");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const second = await active();
  await page.keyboard.press("ArrowUp");
  expect(await active()).not.toBe(second);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(
    () => Number(document.querySelector("[role=treegrid]")?.getAttribute("aria-rowcount")) < 50,
  );
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(
    () => Number(document.querySelector("[role=treegrid]")?.getAttribute("aria-rowcount")) >= 100,
  );
  await page.keyboard.press("/");
  await page.keyboard.type("orders");
  await page
    .getByRole("status")
    .filter({ hasText: /\d+\/\d+|–\/\d+/ })
    .waitFor();
  await page.keyboard.press("Enter");
  expect(await parameter(page, "q")).toBe("orders");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Remote calls/ }).click();
  await page.waitForFunction(
    () => Number(document.querySelector("[role=treegrid]")?.getAttribute("aria-rowcount")) < 100,
  );
});

test("odd shapes are shown with what is odd about them", async () => {
  const page = await it.open(`#/traces/${ODD.id}`);
  await settled(page);
  const grid = page.getByRole(timeline, { name: "Timeline" });
  for (const name of [
    "odd",
    "orphan",
    "one of a cycle",
    "two of a cycle",
    "its own parent",
    "instant",
    "early",
    "unfinished",
  ]) {
    await grid.getByRole("row").filter({ hasText: name }).first().waitFor();
  }
  await page
    .getByText(/parent/i)
    .first()
    .waitFor();
  await page
    .getByText(/in progress/i)
    .first()
    .waitFor();
  await audit(page);
});

test("a trace in progress is followed until it ends", async () => {
  const random = new Random(5);
  const start = Date.now() - 500;
  const id = traceId(random, start);
  const open: Document = {
    name: "long job",
    id: random.hex(16),
    trace_id: id,
    start_time: seconds(start),
    in_progress: true,
  };
  await it.server.put([open]);
  const page = await it.open(`#/traces/${id}`);
  await page
    .getByText(/in progress/i)
    .first()
    .waitFor();
  const { in_progress: _, ...rest } = open;
  const child = entity(
    random,
    "a step of it",
    { start, end: start + 100 },
    { trace_id: id, parent_id: open.id },
  );
  await it.server.put([{ ...rest, end_time: seconds(start + 400) }, child]);
  await page.getByRole(timeline).getByRole("row").filter({ hasText: "a step of it" }).waitFor();
  await page
    .getByText(/in progress/i)
    .first()
    .waitFor({ state: "detached" });
});

test("documents are shown raw and downloaded as they are stored", async () => {
  const page = await it.open(`#/traces/${FAILED?.trace_id}/raw`);
  await page.getByText(/lines, /).waitFor();
  const link = page.getByRole("link", { name: "Download" });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const stream = await download.createReadStream();
  let text = "";
  for await (const chunk of stream) text += chunk;
  const trace = JSON.parse(text) as { Id: string; Segments: { Document: string }[] };
  expect(trace.Id).toBe(FAILED?.trace_id);
  expect(trace.Segments.some(({ Document }) => JSON.parse(Document).id === FAILED?.id)).toBe(true);
});

test("an unknown trace says what may be the reason", async () => {
  const page = await it.open("#/traces/1-5759e988-bd862e3fe1be46a994272793", { expected: [/status of 404/] });
  await page.getByText("No trace has this id").waitFor();
  await audit(page);
});
