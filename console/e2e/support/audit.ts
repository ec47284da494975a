import AxeBuilder from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The automatic accessibility audit: no serious and no critical finding. */
export async function audit(page: Page): Promise<void> {
  // Legacy mode audits in the page itself; the other one opens a page of its own, past our guard.
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).setLegacyMode(true).analyze();
  const findings = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, nodes }) => {
      const places = nodes.slice(0, 3).map(node => `${node.target.join(" ")}: ${node.failureSummary}`);
      return `${impact} ${id} (${nodes.length})\n${places.join("\n")}`;
    });
  expect(findings, `accessibility of ${page.url()}`).toEqual([]);
}
