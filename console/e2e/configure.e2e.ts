import { expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { hashOf, settled } from "./support/settled";
import { shopTraffic } from "./support/shop";

const it = useConsole(server =>
  server.put(shopTraffic({ seed: 5, end: Date.now() - 1000, minutes: 10, perMinute: 30 })),
);
const THEMES = ["light", "dark"] as const;

for (const theme of THEMES) {
  test(`groups, sampling and first steps have no serious finding, ${theme}`, async () => {
    for (const hash of [
      "#/groups",
      "#/groups/Default",
      "#/groups?view=new",
      "#/sampling",
      "#/sampling/Default",
      "#/sampling?view=new",
      "#/sampling?view=test",
      "#/getting-started",
    ]) {
      const page = await it.open(hash, { theme });
      await settled(page);
      await audit(page);
    }
  });
}

test("a group is tried, made, changed and deleted", async () => {
  // A filter that is refused is an error of the console's network log, and meant to be one.
  const page = await it.open("#/groups", { expected: [/status of 400/] });
  await page.getByRole("button", { name: "New group" }).click();
  await page.getByLabel("Name").fill("failing");
  const filter = page.getByRole("textbox", { name: /filter/i });
  await filter.fill('service("payments") { fault ');
  await page
    .getByRole("alert")
    .or(page.getByText(/expected/))
    .first()
    .waitFor();
  await filter.fill('service("payments") { fault }');
  await page.getByText(/of the last 15 minutes match/).waitFor();
  await page.getByText("Find insights").click();
  await page.getByRole("button", { name: "Create group" }).click();
  await page.waitForFunction(() => location.hash.startsWith("#/groups/failing"));
  type Group = { Group: { FilterExpression: string; InsightsConfiguration: object } };
  const made = await it.server.call<Group>("GetGroup", { GroupName: "failing" });
  expect(made.Group.FilterExpression).toBe('service("payments") { fault }');
  expect(made.Group.InsightsConfiguration).toMatchObject({ InsightsEnabled: true });
  const fresh = await it.open(await hashOf(page));
  await fresh.getByRole("heading", { name: "failing" }).waitFor();

  await page.getByRole("button", { name: "Delete…" }).click();
  await audit(page);
  await page.getByRole("button", { name: "Delete group" }).click();
  await page.getByRole("row", { name: /failing/ }).waitFor({ state: "detached" });
  await page.getByRole("row", { name: /Default/ }).waitFor();
});

test("a sampling rule is made, tried and deleted", async () => {
  const page = await it.open("#/sampling?view=new");
  await page.getByLabel("Name").first().fill("checkouts");
  await page.getByLabel("Priority").fill("10");
  await page.getByLabel("Reservoir").fill("2");
  await page.getByLabel("Fixed rate").fill("7");
  await page.getByText("0 to 1").first().waitFor();
  await page.getByLabel("Fixed rate").fill("0.25");
  await page.getByLabel(/path/i).first().fill("/checkout*");
  await page.getByRole("button", { name: "Create rule" }).click();
  await page.waitForFunction(() => location.hash.startsWith("#/sampling/checkouts"));
  type Rules = {
    SamplingRuleRecords: { SamplingRule: { RuleName: string; FixedRate: number; URLPath: string } }[];
  };
  const { SamplingRuleRecords } = await it.server.call<Rules>("GetSamplingRules", {});
  const made = SamplingRuleRecords.find(({ SamplingRule }) => SamplingRule.RuleName === "checkouts");
  expect(made?.SamplingRule).toMatchObject({ FixedRate: 0.25, URLPath: "/checkout*" });
  const fresh = await it.open(await hashOf(page));
  await fresh.getByRole("heading", { name: "checkouts" }).waitFor();

  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Delete rule" }).click();
  await page.getByRole("row", { name: /checkouts/ }).waitFor({ state: "detached" });
});
