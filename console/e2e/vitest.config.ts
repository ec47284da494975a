import { defineConfig } from "vitest/config";

/** Browser tests against the real binary: one file after the other, so that figures are not disturbed. */
export default defineConfig(({ mode }) => ({
  test: {
    root: import.meta.dirname,
    // `npm run screenshots` makes the pictures of docs/ anew.
    include: mode === "screenshots" ? ["screenshots.ts"] : ["**/*.e2e.ts"],
    environment: "node",
    pool: "forks",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["verbose"],
  },
}));
