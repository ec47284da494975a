import { expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { hashOf, settled } from "./support/settled";

const it = useConsole(async () => undefined);
const PAGES = [
  "settings/encryption",
  "settings/policies",
  "settings/indexing",
  "settings/preferences",
  "daemons",
];

for (const theme of ["light", "dark"] as const) {
  test(`settings and daemons have no serious finding, ${theme}`, async () => {
    for (const hash of PAGES) {
      const page = await it.open(`#/${hash}`, { theme });
      await settled(page);
      await audit(page);
    }
  });
}

test("the share that is indexed is set, and asked for again in a fresh browser", async () => {
  const page = await it.open("#/settings/indexing");
  await page.getByRole("radio", { name: /Transaction Search/ }).check();
  const share = page.getByLabel("Share that is indexed");
  await share.fill("25");
  await page.getByRole("button", { name: /^Save/ }).click();
  const confirm = page.getByRole("alertdialog").getByRole("button").last();
  await confirm.click();
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  type Rules = { IndexingRules: { Rule: { Probabilistic: { DesiredSamplingPercentage: number } } }[] };
  const { IndexingRules } = await it.server.call<Rules>("GetIndexingRules", {});
  expect(IndexingRules[0]?.Rule.Probabilistic.DesiredSamplingPercentage).toBe(25);
  const fresh = await it.open(await hashOf(page));
  await settled(fresh);
  expect(await fresh.getByLabel("Share that is indexed").inputValue()).toBe("25");
});

test("a daemon that reports is listed with what it lost", async () => {
  const report = {
    Timestamp: Math.floor(Date.now() / 1000),
    SegmentsReceivedCount: 800,
    SegmentsSentCount: 790,
    SegmentsSpilloverCount: 7,
    SegmentsRejectedCount: 3,
    BackendConnectionErrors: {
      TimeoutCount: 1,
      ConnectionRefusedCount: 0,
      HTTPCode4XXCount: 0,
      HTTPCode5XXCount: 2,
      UnknownHostCount: 0,
      OtherCount: 0,
    },
  };
  await it.server.call("TelemetryRecords", { Hostname: "web-1.shop.local", TelemetryRecords: [report] });
  const page = await it.open("#/daemons");
  await page.getByText("web-1.shop.local").first().waitFor();
  await page.getByText("800").first().waitFor();
  await audit(page);
});
