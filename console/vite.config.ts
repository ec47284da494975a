import { defineConfig } from "vite";

/** The server that `npm run dev` speaks to: a running `roentgen`. */
const server = process.env.ROENTGEN_URL ?? "http://127.0.0.1:2001";

export default defineConfig({
  // Relative references: the console works under any path prefix of a proxy.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // Nothing inline: the content security policy allows no `data:` scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    cssCodeSplit: true,
  },
  worker: { format: "es" },
  server: {
    proxy: Object.fromEntries(
      // Every path but the console's own files is an operation of the server.
      ["^/api/", "^/[A-Z][A-Za-z]+$"].map(path => [path, { target: server, changeOrigin: true }]),
    ),
  },
});
