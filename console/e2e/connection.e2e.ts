/** A server that dies while it answers: what came stays, nothing is blank, and the search can be had again. */
import { expect, test } from "vitest";
import { useConsole } from "./support/console";
import { summariesOf } from "./support/trees";

const it = useConsole(server => server.put(summariesOf(20_000, Date.now() - 1000)));

test("the server is killed in the middle of a stream", async () => {
  const page = await it.open("#/groups", {
    expected: [/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network error|Failed to load/i],
  });
  // The answer is held open so that the death surely falls into it.
  await page.route("**/api/v1/search", async route => {
    const answer = await route.fetch();
    const body = await answer.text();
    const half = body.slice(0, body.indexOf("event: done"));
    await it.server.kill();
    await route.fulfill({ response: answer, body: half, headers: { "content-type": "text/event-stream" } });
  });
  await page.evaluate(() => {
    location.hash = "#/traces?timeRange=PT1H";
  });
  await page
    .getByRole("row", { name: /shop\.example/ })
    .first()
    .waitFor();
  await page
    .getByText(/connection was lost|connection lost|does not answer/i)
    .first()
    .waitFor();
  await page
    .getByRole("button", { name: /continue|again/i })
    .first()
    .waitFor();
  expect(await page.getByRole("row", { name: /shop\.example/ }).count()).toBeGreaterThan(5);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Trace map" }).click();
  await page
    .getByText(/does not answer|did not work/i)
    .first()
    .waitFor();
});
