/**
 * The walk of a person (spec console.md 12): map, red edge, its slow range, its traces, one trace, the exception, and
 * the link to it in another browser. Once by pointer, once by keyboard alone.
 */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { useConsole } from "./support/console";
import { hashOf, parameter, settled } from "./support/settled";
import { EXCEPTION, shopTraffic } from "./support/shop";

const it = useConsole(server =>
  server.put(shopTraffic({ seed: 7, end: Date.now() - 1000, minutes: 40, perMinute: 30 })),
);
const START = "#/service-map?timeRange=PT1H";

const edgePanel = (page: Page) => page.getByRole("region", { name: "Details of orders → payments" });
const isTraces = (page: Page) => page.waitForFunction(() => location.hash.startsWith("#/traces?"));
const isTrace = (page: Page) => page.waitForFunction(() => location.hash.startsWith("#/traces/1-"));
const firstTrace = (page: Page) => page.getByRole("row", { name: /checkout/ }).first();

async function showsException(page: Page): Promise<void> {
  await page.getByRole("region", { name: "Segment" }).getByText(EXCEPTION).waitFor();
  await page.getByText("shop/payments.ts:118").waitFor();
}

/** The link leads a fresh browser to the same exception of the same trace. */
async function isSharable(page: Page): Promise<void> {
  const hash = await hashOf(page);
  const fresh = await it.open(hash);
  await showsException(fresh);
  expect(await hashOf(fresh)).toBe(hash);
  expect(await fresh.title()).toBe(await page.title());
}

test("by pointer", async () => {
  const page = await it.open(START);
  await page.getByRole("button", { name: /^orders to payments, / }).click();
  const panel = edgePanel(page);
  await panel.getByRole("checkbox", { name: /OK/ }).uncheck();
  const histogram = panel.getByRole("group", { name: /^Response time, .*range$/ });
  const box = await histogram.boundingBox();
  if (!box) throw new Error("the histogram has no size");
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.995, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await panel.getByText(/% of requests/).waitFor();
  await panel.getByRole("link", { name: "View traces" }).click();
  await isTraces(page);
  expect(await parameter(page, "filter")).toMatch(/edge\(.*fault.*responsetime|edge\(.*responsetime.*fault/);
  await firstTrace(page).click();
  await isTrace(page);
  await page
    .getByRole("treegrid", { name: "Timeline" })
    .getByRole("row")
    .filter({ hasText: "payments" })
    .last()
    .click();
  await page.getByRole("tab", { name: "Exceptions" }).click();
  await showsException(page);
  await isSharable(page);
});

test("by keyboard alone", async () => {
  const page = await it.open(START);
  await settled(page);
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
  const tabTo = async (name: RegExp) => {
    for (let presses = 0; presses < 80; presses++) {
      await press("Tab");
      const text = await page.evaluate(
        () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
      );
      if (name.test(text)) return;
    }
    throw new Error(`no way to ${name} by Tab`);
  };
  await tabTo(/^payments, AWS::EC2/);
  await press("e");
  expect(await focused()).toMatch(/^orders to payments, /);
  await press("Enter");
  await edgePanel(page).waitFor();
  await tabTo(/^Response time, .* from$/);
  await press("PageUp", "PageUp", "Enter");
  await edgePanel(page)
    .getByText(/% of requests/)
    .waitFor();
  // Back to the link in the panel's head: the only way is by Tab, like any other.
  const link = edgePanel(page).getByRole("link", { name: "View traces" });
  for (
    let presses = 0;
    presses < 40 && !(await link.evaluate(it => it === document.activeElement));
    presses++
  )
    await press("Shift+Tab");
  await press("Enter");
  await isTraces(page);
  await firstTrace(page).waitFor();
  await press("j", "Enter");
  await isTrace(page);
  await page.getByRole("treegrid", { name: "Timeline" }).waitFor();
  await settled(page);
  // Past the segments that only pass the error on, to the one that threw it.
  for (let presses = 0; presses < 12; presses++) {
    await press("n");
    const row = await page.locator('[role=row][aria-selected="true"]').textContent();
    if (/^payments/.test(row?.trim() ?? "") && !/remote/.test(row ?? "")) break;
  }
  await press("Enter");
  const tabs = page.getByRole("region", { name: "Segment" }).getByRole("tab");
  await page.getByRole("tab", { name: "Exceptions" }).waitFor();
  const names = await tabs.allTextContents();
  await press(String(names.indexOf("Exceptions") + 1));
  await showsException(page);
  await isSharable(page);
});

test("a newcomer reaches the exception of a failing request in three clicks", async () => {
  const page = await it.open("#/traces?timeRange=PT1H&filter=fault");
  await firstTrace(page).click();
  await isTrace(page);
  await page.getByRole("treegrid").getByRole("row").filter({ hasText: "payments" }).last().click();
  await page.getByRole("tab", { name: "Exceptions" }).click();
  await showsException(page);
});
