/** The demo as a newcomer finds it: a living map at once, an insight a minute later. */
import { expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { DEMO, insightOf, opened } from "./support/demo";
import { hashOf, settled } from "./support/settled";

const it = useConsole(opened, DEMO);

test("the demo's map is there within twenty seconds of the printed address", async () => {
  const page = await it.open("");
  const map = page.getByRole("group", { name: /^Trace map: \d\d nodes/ });
  await map.waitFor({ timeout: 20_000 });
  await page.getByRole("button", { name: /^pay, / }).waitFor();
});

test("an insight is listed, opened, and told with its timeline, impact and evidence", async () => {
  const id = await insightOf(it.server);
  const page = await it.open("#/insights?timeRange=PT3H");
  const row = page.getByRole("row", { name: /pay/ }).first();
  await row.waitFor();
  await audit(page);
  await row.getByRole("link").first().click();
  await page.waitForFunction(id => location.hash.startsWith(`#/insights/${id}`), id);
  await page
    .getByText(/Faults from pay/)
    .first()
    .waitFor();
  await page.getByRole("group", { name: /Impact map/ }).waitFor();
  await page.getByRole("list", { name: /^Events, newest first/ }).waitFor();
  await page.getByRole("heading", { name: "Evidence" }).waitFor();
  const fresh = await it.open(await hashOf(page));
  await fresh
    .getByText(/Faults from pay/)
    .first()
    .waitFor();
  expect(await fresh.title()).toBe(await page.title());
}, 150_000);

for (const theme of ["light", "dark"] as const) {
  test(`an insight has no serious finding, ${theme}`, async () => {
    const page = await it.open(`#/insights/${await insightOf(it.server)}`, { theme });
    await page
      .getByText(/Faults from pay/)
      .first()
      .waitFor();
    await settled(page);
    await audit(page);
  }, 150_000);
}
