/** A server without a trace: what a newcomer sees. */
import { expect, test } from "vitest";
import { audit } from "./support/audit";
import { useConsole } from "./support/console";
import { settled } from "./support/settled";
import { traceOf } from "./support/trees";

const it = useConsole(async () => undefined);

for (const theme of ["light", "dark"] as const) {
  test(`pages without any data say what to do, ${theme}`, async () => {
    for (const page of ["service-map", "traces", "insights", "groups", "sampling", "daemons", "welcome"]) {
      const opened = await it.open(`#/${page}`, { theme });
      await settled(opened);
      await audit(opened);
    }
  });
}

test("a sample trace is sent and opened, and the waiting line turns into the way to it", async () => {
  const page = await it.open("");
  await page.getByRole("heading", { name: "Send your first trace" }).waitFor();
  await page.getByText("Waiting for the first trace…").waitFor();
  await it.server.put(traceOf(12, Date.now() - 200, 99).documents);
  await page.getByText(/has arrived/).waitFor();
  await page.getByRole("button", { name: "Send a sample trace" }).click();
  await page.waitForFunction(() => /^#\/traces\/1-[0-9a-f]{8}-[0-9a-f]{24}/.test(location.hash));
  await settled(page);
});

test("every way to connect names this server", async () => {
  const page = await it.open("#/getting-started");
  const { host } = new URL(it.url);
  await settled(page);
  const tabs = await page.getByRole("tab").all();
  expect(tabs.length).toBeGreaterThan(3);
  let named = 0;
  for (const tab of tabs) {
    await tab.click();
    const text = (await page.getByRole("tabpanel").textContent()) ?? "";
    expect(text.length).toBeGreaterThan(40);
    if (text.includes(host) || /127\.0\.0\.1:\d+/.test(text)) named += 1;
  }
  expect(named).toBeGreaterThan(2);
});
