import type { Page } from "playwright-core";

/** Waits until the page is there and nothing on it is loading. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor({ state: "attached" });
  await page.waitForLoadState("networkidle");
  await page.waitForFunction(() => {
    const main = document.querySelector("main");
    return (
      main !== null && main.textContent.trim() !== "" && main.querySelector('[aria-busy="true"]') === null
    );
  });
}

/** The address from `#` on. */
export const hashOf = (page: Page): Promise<string> => page.evaluate(() => location.hash);

/** One parameter of the address. */
export async function parameter(page: Page, name: string): Promise<string | null> {
  return new URLSearchParams((await hashOf(page)).split("?")[1]).get(name);
}
