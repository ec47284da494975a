import { createHash } from "node:crypto";
import { relative } from "node:path";
import { defineConfig } from "vite";

/** The server that `npm run dev` speaks to: a running `roentgen`. */
const server = process.env.ROENTGEN_URL ?? "http://127.0.0.1:2001";

/**
 * Class names as short as they can be, the same in every build: three characters of the file, then a number. They are a
 * tenth of all that is sent otherwise.
 */
const files = new Map<string, { path: string; names: string[] }>();
function shortName(name: string, file: string): string {
  const path = relative(import.meta.dirname, file.split("?")[0] ?? file);
  const digest = createHash("sha256").update(path).digest().readUInt32BE(0);
  const prefix =
    String.fromCharCode(97 + (digest % 26)) + ((digest >>> 5) % 1296).toString(36).padStart(2, "0");
  const known = files.get(prefix) ?? { path, names: [] };
  if (known.path !== path) throw new Error(`${path} and ${known.path} have the same short name; rename one`);
  files.set(prefix, known);
  if (!known.names.includes(name)) known.names.push(name);
  return prefix + known.names.indexOf(name).toString(36);
}

export default defineConfig(({ command }) => ({
  // Relative references: the console works under any path prefix of a proxy.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // Nothing inline: the content security policy allows no `data:` scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // For scripts/sizes.mjs.
    manifest: true,
    reportCompressedSize: false,
    cssCodeSplit: true,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What several pages share is one file: small files compress badly. A group takes along what its files
          // import, so what stands below the others comes first; else files import one another in circles, and
          // constants are used before they are there.
          groups: [
            {
              name: "parts",
              test: /node_modules\/@?preact|preload-helper|src\/(shell|components\/(?!service-graph|time-chart)|model\/(?!trace\/|layout\/)|api|url)/,
              minShareCount: 3,
            },
            {
              name: "explore",
              test: /src\/(components\/(?!service-graph)|model\/(?!trace\/|layout\/)|api)/,
              minShareCount: 2,
            },
            {
              name: "graph",
              test: /src\/(components\/service-graph|model\/layout)/,
              minShareCount: 2,
            },
          ],
        },
      },
    },
  },
  ...(command === "build" ? { css: { modules: { generateScopedName: shortName } } } : {}),
  worker: { format: "es" },
  server: {
    proxy: Object.fromEntries(
      // Every path but the console's own files is an operation of the server.
      ["^/api/", "^/[A-Z][A-Za-z]+$"].map(path => [path, { target: server, changeOrigin: true }]),
    ),
  },
}));
