import { expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { hashOf, parameter, settled } from "./support/settled";
import { shopTraffic } from "./support/shop";

const it = useConsole(server =>
  server.put(shopTraffic({ seed: 3, end: Date.now() - 1000, minutes: 40, perMinute: 30 })),
);
const HOUR = "timeRange=PT1H";

for (const theme of ["light", "dark"] as const) {
  test(`the map, its tables and its panel have no serious finding, ${theme}`, async () => {
    const page = await it.open(`#/service-map?${HOUR}`, { theme });
    await page.getByRole("group", { name: /^Trace map: 7 nodes/ }).waitFor();
    await audit(page);
    await page.getByRole("button", { name: /^payments, AWS::EC2::Instance/ }).click();
    await page.getByRole("region", { name: "Details of payments" }).waitFor();
    await settled(page);
    await audit(page);
    await page.keyboard.press("v");
    await page.getByRole("table").first().waitFor();
    await audit(page);
  });
}

test("nodes and edges say who failed and how often, in the map and in the tables alike", async () => {
  const page = await it.open(`#/service-map?${HOUR}`);
  const node = page.getByRole("button", { name: /^payments, / });
  const label = (await node.getAttribute("aria-label")) ?? "";
  const [, requests = "", faults = ""] = /, ([\d,]+) requests, ([\d.]+)\s% faults, /.exec(label) ?? [];
  expect(Number(requests)).toBeGreaterThan(200);
  expect(Number(faults)).toBeGreaterThan(20);
  await page.getByRole("button", { name: /^orders to payments, / }).waitFor();
  await page.keyboard.press("v");
  const row = page.getByRole("region", { name: "Nodes" }).getByRole("row", { name: /payments/ });
  await row.waitFor();
  const cells = await row.getByRole("cell").allTextContents();
  expect(cells).toContain(requests);
  expect(cells.some(cell => cell.startsWith(faults) && cell.endsWith("%"))).toBe(true);
});

test("a node is found, chosen, and its panel's link means its traces", async () => {
  const page = await it.open(`#/service-map?${HOUR}`);
  await page.getByRole("group", { name: /^Trace map/ }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("search");
  await page.keyboard.press("Enter");
  const panel = page.getByRole("region", { name: "Details of search" });
  await panel.waitFor();
  expect(await parameter(page, "node")).toBe("search|AWS::Lambda::Function");
  const href = await panel.getByRole("link", { name: "View traces" }).getAttribute("href");
  const filter = new URLSearchParams(href?.split("?")[1]).get("filter") ?? "";
  const now = Date.now() / 1000;
  type Answer = { TraceSummaries: object[]; TracesProcessedCount: number };
  const answer = await it.server.call<Answer>("TraceSummaries", {
    StartTime: now - 3600,
    EndTime: now,
    FilterExpression: filter,
  });
  expect(answer.TraceSummaries.length).toBeGreaterThan(0);
});

test("brushing the slow end of the histogram narrows the traces, by pointer and by keyboard", async () => {
  const page = await it.open(`#/service-map?${HOUR}&node=search|AWS::Lambda::Function`);
  const panel = page.getByRole("region", { name: "Details of search" });
  const brush = panel.getByRole("group", { name: /^Response time, .*range$/ });
  const box = await brush.boundingBox();
  if (!box) throw new Error("the histogram has no size");
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.99, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await panel.getByText(/% of requests/).waitFor();
  const [from = 0, to = 0] = ((await parameter(page, "rt")) ?? "").split("~").map(Number);
  expect(from).toBeGreaterThan(0.05);
  expect(to).toBeGreaterThan(from);
  expect(await panel.getByRole("link", { name: "View traces" }).getAttribute("href")).toContain(
    "responsetime",
  );
  await panel.getByRole("button", { name: "whole range" }).click();
  const handle = panel.getByRole("slider", { name: /^Response time, .*from$/ });
  await handle.focus();
  for (let press = 0; press < 5; press++) await page.keyboard.press("PageUp");
  await page.keyboard.press("Enter");
  await panel.getByText(/% of requests/).waitFor();
  expect(await parameter(page, "rt")).toMatch(/^[\d.]+~[\d.]+$/);
});

test("what is chosen is in the address: a fresh browser shows the same", async () => {
  const page = await it.open(`#/service-map?${HOUR}`);
  await page.getByRole("button", { name: /^orders to payments, / }).click();
  const title = /^Details of orders → payments$/;
  await page.getByRole("region", { name: title }).waitFor();
  const fresh = await it.open(await hashOf(page));
  await fresh.getByRole("region", { name: title }).waitFor();
  const shown = (of: typeof page) => of.getByRole("region", { name: "Requests by class" }).textContent();
  expect(await shown(fresh)).toBe(await shown(page));
  await page.keyboard.press("Escape");
  await page.getByRole("region", { name: title }).waitFor({ state: "detached" });
  expect(await parameter(page, "edge")).toBeNull();
});

test("an empty range says where there is something, and goes there", async () => {
  const page = await it.open("#/service-map?timeRange=2020-01-01T00:00~2020-01-01T01:00");
  await page.getByText("Nothing in this range").waitFor();
  await audit(page);
  await page.getByRole("button", { name: "Go there" }).click();
  await page.getByRole("group", { name: /^Trace map: \d+ nodes/ }).waitFor();
});
