import { eventually } from "./eventually";
import type { Launch, Server } from "./server";

/** The demo, the same each time. */
export const DEMO: Launch = { command: "demo", flags: ["--seed", "7"] };

/** Waits until the demo has printed its address. */
export async function opened(server: Server): Promise<void> {
  await eventually("the greeting", async () => server.log().includes(`${server.url}/console/`) || undefined);
}

/** Waits for the insight into the failing payments: the judge looks once a minute. */
export async function insightOf(server: Server): Promise<string> {
  return eventually(
    "an insight",
    async () => {
      const now = Date.now() / 1000;
      type Answer = { InsightSummaries: { InsightId: string }[] };
      const range = { StartTime: now - 3 * 3600, EndTime: now, GroupName: "Default" };
      const { InsightSummaries } = await server.call<Answer>("InsightSummaries", range);
      return InsightSummaries[0]?.InsightId;
    },
    110_000,
  );
}
