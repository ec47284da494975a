/** Hostile text in every field is shown, and runs nowhere; the guard of each page says so. */
import { expect, test } from "vitest";
import { useConsole } from "./support/console";
import { hostileTrace, hugeTrace, MARKUP } from "./support/hostile";
import { settled } from "./support/settled";

const NOW = Date.now();
const HOSTILE = hostileTrace(NOW - 60_000);
const HUGE = hugeTrace(NOW - 60_000);
const GROUP = "hostile.group";

const it = useConsole(async server => {
  await server.put([...HOSTILE.documents, ...HUGE.documents]);
  await server.call("CreateGroup", {
    GroupName: GROUP,
    FilterExpression: `annotation.text = "${MARKUP[0]}"`,
  });
});

test("in every tab of every segment", async () => {
  const page = await it.open(`#/traces/${HOSTILE.id}`);
  await page.getByRole("treegrid", { name: "Timeline" }).getByRole("row").first().waitFor();
  const panel = page.getByRole("region", { name: "Segment" });
  const tabs = panel.getByRole("tab");
  for (const { id } of HOSTILE.documents) {
    await Promise.all([
      page.waitForResponse(answer => answer.url().includes(`/segments/${id}`) && answer.ok()),
      page.evaluate(hash => {
        location.hash = hash;
      }, `#/traces/${HOSTILE.id}?segment=${id}`),
    ]);
    await tabs.nth(5).waitFor();
    for (let tab = 0; tab < (await tabs.count()); tab++) await tabs.nth(tab).click();
  }
  const made = await page.evaluate(
    () => document.querySelectorAll("main script, main iframe, main img").length,
  );
  expect(made, "elements that data made").toBe(0);
});

test("markup is there as text, and no address of data is a link but http", async () => {
  const first = HOSTILE.documents[0];
  const page = await it.open(`#/traces/${HOSTILE.id}?segment=${first?.id}&tab=annotations`);
  await page.getByRole("region", { name: "Segment" }).getByText(MARKUP[0]).first().waitFor();
  for (const tab of ["overview", "metadata", "exceptions", "raw"]) {
    await page.evaluate(tab => location.replace(location.hash.replace(/tab=\w+/, `tab=${tab}`)), tab);
    await settled(page);
    const schemes = await page.evaluate(() =>
      [...document.querySelectorAll("a")]
        .map(link => new URL(link.href).protocol)
        .filter(it => !/^https?:$/.test(it)),
    );
    expect(schemes).toEqual([]);
  }
});

test("controls and directions are made visible", async () => {
  const page = await it.open(`#/traces/${HOSTILE.id}?q=invoice`);
  await page.getByRole("treegrid").waitFor();
  await settled(page);
  const text = (await page.locator("main").textContent()) ?? "";
  const raw = ["\u202E", "\u2066", "\u2069", "\u0000", "\u0007", "\u001B"];
  expect(raw.filter(character => text.includes(character))).toEqual([]);
});

test("in lists, the map, groups, the raw view and the title", async () => {
  const views = [
    "#/service-map",
    "#/service-map?view=table",
    "#/traces",
    `#/traces?filter=${encodeURIComponent("fault")}&cols=id,user,url,method,annotation.text`,
    `#/traces/${HOSTILE.id}/raw`,
    `#/traces/${HUGE.id}/raw`,
    `#/traces/${HUGE.id}?segment=${HUGE.documents[0]?.id}&tab=metadata`,
    `#/traces/${HUGE.id}?segment=${HUGE.documents[1]?.id}&tab=metadata`,
    "#/groups",
    `#/groups/${GROUP}`,
    `#/service-map?node=${encodeURIComponent(MARKUP[1])}&group=${encodeURIComponent(MARKUP[2])}`,
    `#/insights/${encodeURIComponent(MARKUP[2])}`,
    `#/${encodeURIComponent(MARKUP[7])}?q=${encodeURIComponent(MARKUP[0])}`,
  ];
  for (const view of views) {
    const page = await it.open(view, { expected: [/status of (400|404)/] });
    await settled(page);
  }
});
