import { expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { hashOf, parameter, settled } from "./support/settled";
import { traceOf } from "./support/trees";

const NOW = Date.now();
const SAMPLE = traceOf(40, NOW - 30_000);
/** The same id as W3C writes it. */
const HEX = SAMPLE.id.replace(/^1-|-/g, "");

const it = useConsole(server => server.put(SAMPLE.documents));

test("no page in the address is the map once there is a trace", async () => {
  const page = await it.open("");
  await page.waitForFunction(() => location.hash.startsWith("#/service-map"));
  await page.getByRole("group", { name: /^Trace map/ }).waitFor();
});

test("pages are reached by the navigation and by keys, and the way back is in the history", async () => {
  const page = await it.open("#/service-map?timeRange=PT1H");
  const at = (hash: string) => page.waitForFunction(start => location.hash.startsWith(start), hash);
  const navigation = page.getByRole("navigation", { name: "Pages" });
  for (const [name, hash] of [
    ["Traces", "#/traces"],
    ["Insights", "#/insights"],
    ["Groups", "#/groups"],
    ["Sampling", "#/sampling"],
    ["Settings", "#/settings/"],
    ["Daemons", "#/daemons"],
    ["Getting started", "#/getting-started"],
  ] as const) {
    await navigation.getByRole("link", { name }).click();
    await at(hash);
    await settled(page);
    expect(await page.title()).toMatch(/ · Roentgen$/);
    expect(await parameter(page, "timeRange"), `the range follows to ${name}`).toBe("PT1H");
  }
  await page.goBack();
  await at("#/daemons");
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await at("#/service-map");
});

test("go to opens a trace by its id in any form, and a service by its name", async () => {
  const page = await it.open("#/groups");
  await settled(page);
  const texts = [
    SAMPLE.id,
    HEX,
    `traceparent: 00-${HEX}-53995c3f42cd8ad8-01`,
    `X-Amzn-Trace-Id: Root=${SAMPLE.id};Parent=53995c3f42cd8ad8;Sampled=1`,
    `2026-11-20 10:00:01 ERROR [${SAMPLE.id}] no answer`,
  ];
  for (const text of texts) {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to" }).fill(text);
    await page.getByRole("option", { name: new RegExp(SAMPLE.id) }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForFunction(id => location.hash.startsWith(`#/traces/${id}`), SAMPLE.id);
    await page.goBack();
    await page.waitForFunction(() => location.hash.startsWith("#/groups"));
  }
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to" }).fill("gatew");
  await page.getByRole("option", { name: /gateway/ }).waitFor();
  await audit(page);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash.startsWith("#/service-map"));
  expect(await parameter(page, "node")).toContain("gateway");
});

test("the range is chosen, moved by keys, and kept in the address", async () => {
  const page = await it.open("#/service-map");
  await settled(page);
  await page.getByRole("button", { name: /Last 15 minutes/ }).click();
  await page
    .getByRole("button", { name: "3 hours" })
    .or(page.getByRole("option", { name: "3 hours" }))
    .first()
    .click();
  await page.waitForFunction(() => location.hash.includes("timeRange=PT3H"));
  await page.keyboard.press("[");
  await page.waitForFunction(() => /timeRange=\d{4}-/.test(location.hash));
  const moved = await parameter(page, "timeRange");
  const fresh = await it.open(await hashOf(page));
  await settled(fresh);
  expect(await parameter(fresh, "timeRange")).toBe(moved);
});

test("a bad value in the address is told and leaves the rest", async () => {
  const page = await it.open("#/service-map?timeRange=yesterday&rt=abc");
  await page.getByText(/"yesterday" is no timeRange/).waitFor();
  await page.getByRole("group", { name: /^Trace map/ }).waitFor();
  await audit(page);
});

test("an address of the console of AWS leads to the same thing here", async () => {
  const page = await it.open("#/groups");
  const { origin } = new URL(it.url);
  await page.goto(`${origin}/xray/home?region=eu-west-1#xray:traces/${SAMPLE.id}`);
  await page.waitForFunction(id => location.hash.includes(id) || document.title.includes("Trace"), SAMPLE.id);
  await settled(page);
  await page.goto(`${origin}/cloudwatch/home#xray:service-map/map`);
  await page.getByRole("group", { name: /^Trace map/ }).waitFor();
});

test("the theme is chosen and kept; keys are listed", async () => {
  const page = await it.open("#/groups");
  await settled(page);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole("button", { name: /theme/i }).click();
  const dark = page.getByRole("menuitemradio", { name: "Dark" });
  if ((await ground()) === light) await dark.click();
  expect(await ground()).not.toBe(light);
  await page.reload();
  await settled(page);
  expect(await ground()).not.toBe(light);
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("refresh", { exact: false }).first().waitFor();
  await audit(page);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("a lost connection is told, and what is shown stays", async () => {
  const page = await it.open("#/service-map?timeRange=PT1H", { expected: [/ERR_INTERNET_DISCONNECTED/] });
  await page.getByRole("group", { name: /^Trace map/ }).waitFor();
  await page.context().setOffline(true);
  await page.keyboard.press("r");
  await page
    .getByText(/connection lost|does not answer|not current/i)
    .first()
    .waitFor();
  await page.getByRole("group", { name: /^Trace map/ }).waitFor();
  await page.context().setOffline(false);
});

test("everything fits a narrow window", async () => {
  for (const hash of ["#/service-map", "#/groups", "#/getting-started"]) {
    const page = await it.open(hash, { width: 360, height: 720 });
    await settled(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide, `${hash} is wider than the window`).toBeLessThanOrEqual(0);
  }
});
