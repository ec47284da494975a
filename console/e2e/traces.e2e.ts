import { expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { hashOf, parameter, settled } from "./support/settled";
import { shopTraffic } from "./support/shop";

const TRAFFIC = { seed: 11, end: Date.now() - 1000, minutes: 40, perMinute: 50 };
const COUNT = TRAFFIC.minutes * TRAFFIC.perMinute;
const it = useConsole(server => server.put(shopTraffic(TRAFFIC)));
const LIST = "#/traces?timeRange=PT1H";

for (const theme of ["light", "dark"] as const) {
  test(`the list has no serious finding, ${theme}`, async () => {
    const page = await it.open(LIST, { theme });
    await page.getByText(/2,000 traces in 1 h, all scanned/).waitFor();
    await audit(page);
  });
}

test("rows stream in, and totals say what they cover", async () => {
  const page = await it.open(LIST);
  await page.getByText(new RegExp(`${COUNT.toLocaleString("en")} traces in 1 h, all scanned`)).waitFor();
  expect(await page.getByRole("row", { name: /shop\.example/ }).count()).toBeGreaterThan(8);
});

test("a filter is completed, told where it is wrong, and kept in the address", async () => {
  const page = await it.open(LIST);
  await page
    .getByText(/all scanned/)
    .first()
    .waitFor();
  await page.keyboard.press("/");
  const field = page.getByRole("textbox", { name: "Filter" });
  await field.fill("respons");
  await page
    .getByRole("option", { name: /responsetime/ })
    .first()
    .waitFor();
  await page.keyboard.press("Tab");
  expect(await field.inputValue()).toMatch(/^responsetime/);
  await field.fill("responsetime >> 1");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").first().waitFor();
  expect(await field.getAttribute("aria-invalid")).toBe("true");
  await audit(page);
  await field.fill("responsetime > 1 AND ok");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash.includes("responsetime"));
  await page.getByText(/traces in 1 h, all scanned/).waitFor();
  const fresh = await it.open(await hashOf(page));
  await fresh.getByText(/traces in 1 h, all scanned/).waitFor();
  expect(await fresh.getByRole("textbox", { name: "Filter" }).inputValue()).toBe("responsetime > 1 AND ok");
});

test("what the server does not understand is told under the filter", async () => {
  const page = await it.open(`${LIST}&filter=${encodeURIComponent('service("web") { nonsense }')}`, {
    expected: [/status of 400/],
  });
  await page.getByRole("alert").first().waitFor();
  expect(await page.getByRole("textbox", { name: "Filter" }).getAttribute("aria-invalid")).toBe("true");
});

test("refiners count, and ticking one narrows the list", async () => {
  const page = await it.open(LIST);
  await page
    .getByText(/all scanned/)
    .first()
    .waitFor();
  const refine = page.getByRole("complementary", { name: "Refine" });
  const statuses = refine.getByRole("list", { name: "Status code" });
  const failed = statuses.getByRole("checkbox", { name: /^502/ });
  await failed.check();
  await page.waitForFunction(() => /502/.test(decodeURIComponent(location.hash)));
  await page.getByText(/traces in 1 h, all scanned/).waitFor();
  type Answer = { TraceSummaries: { HasFault?: boolean }[] };
  const now = Date.now() / 1000;
  const filter = (await parameter(page, "filter")) ?? "";
  const range = { StartTime: now - 3600, EndTime: now, FilterExpression: filter };
  const { TraceSummaries } = await it.server.call<Answer>("TraceSummaries", range);
  expect(TraceSummaries.length).toBeGreaterThan(0);
  expect(TraceSummaries.every(summary => summary.HasFault)).toBe(true);
  await page.goBack();
  await page.getByText(/2,000 traces in 1 h/).waitFor();
});

test("slowest first is a question to the server", async () => {
  const page = await it.open(`${LIST}&sort=slowest`);
  await page.getByText(/traces in 1 h, all scanned/).waitFor();
  const first = page.getByRole("row", { name: /shop\.example/ }).first();
  expect(await first.textContent()).toMatch(/[2-9]\.\d\d s/);
});

test("a brush on the response times becomes a clause", async () => {
  const page = await it.open(LIST);
  await page
    .getByText(/all scanned/)
    .first()
    .waitFor();
  const handle = page.getByRole("slider", { name: /^Response time from$/ });
  await handle.focus();
  for (let press = 0; press < 5; press++) await page.keyboard.press("PageUp");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => decodeURIComponent(location.hash).includes("responsetime"));
  await page.getByText(/traces in 1 h, all scanned/).waitFor();
  await audit(page);
});

test("nothing found says where there is something", async () => {
  const page = await it.open("#/traces?timeRange=2040-01-01T00:00~2040-01-01T01:00");
  await settled(page);
  await page.getByRole("button", { name: "Go there" }).waitFor();
  await audit(page);
  await page.getByRole("button", { name: "Go there" }).click();
  await page
    .getByRole("row", { name: /shop\.example/ })
    .first()
    .waitFor();
});
