import { describe, expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { shopTraffic } from "./support/shop";

const it = useConsole(server =>
  server.put(shopTraffic({ seed: 1, end: Date.now() - 1000, minutes: 60, perMinute: 20 })),
);

const PAGES = ["service-map", "traces", "insights", "groups", "sampling", "settings/encryption", "daemons"];

describe("every page", () => {
  for (const page of PAGES) {
    for (const theme of ["light", "dark"] as const) {
      test(`${page} opens from its address, in ${theme}, without a serious finding`, async () => {
        const opened = await it.open(`#/${page}`, { theme });
        await opened.locator("main h1").waitFor({ state: "attached" });
        expect(await opened.title()).toMatch(/ · Roentgen$/);
        await audit(opened);
      });
    }
  }
});

test("pages are reached by the navigation, and the way back is in the history", async () => {
  const page = await it.open("#/service-map");
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Traces" }).click();
  await page.waitForFunction(() => location.hash.startsWith("#/traces"));
  await page.goBack();
  await page.waitForFunction(() => location.hash.startsWith("#/service-map"));
});
