// The size budget (spec console.md section 0): fails when the console has grown past it.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const KB = 1000;
const FIRST_PAGE_MAX = 90 * KB;
const ALL_MAX = 220 * KB;

const files = dir =>
  readdirSync(dir).flatMap(name => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
const size = path => gzipSync(readFileSync(path), { level: 9 }).length;
const assets = files("dist").filter(path => /\.(js|css)$/.test(path));

// The first page needs the entry, the larger of the two pages it may be, and all that they import (not what they load later).
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const closure = (key, found = new Set()) => {
  if (found.has(key)) return found;
  found.add(key);
  for (const imported of manifest[key].imports ?? []) closure(imported, found);
  return found;
};
// Files that import one another run in an order in which constants are used before they are there.
const circle = (key, path = []) => {
  if (path.includes(key)) return [...path.slice(path.indexOf(key)), key];
  for (const imported of manifest[key].imports ?? []) {
    const found = circle(imported, [...path, key]);
    if (found) return found;
  }
};
for (const key of Object.keys(manifest)) {
  const found = circle(key);
  if (found) {
    process.stderr.write(`files import one another: ${found.join(" -> ")}\n`);
    process.exit(1);
  }
}
const sum = paths => paths.reduce((total, path) => total + size(path), 0);
const needs = page => {
  const keys = new Set([...closure("index.html"), ...closure(`src/pages/${page}/${page}.tsx`)]);
  return sum([...keys].map(key => join("dist", manifest[key].file)));
};
const first = Math.max(...["trace-map", "traces"].map(needs));
const all = sum(assets);

for (const path of assets.sort((a, b) => size(b) - size(a))) {
  process.stdout.write(`${String(size(path)).padStart(8)}  ${path}\n`);
}
process.stdout.write(`first page: ${first} of ${FIRST_PAGE_MAX} bytes of JavaScript, gzip\n`);
process.stdout.write(`everything: ${all} of ${ALL_MAX} bytes of JavaScript and CSS, gzip\n`);
if (first > FIRST_PAGE_MAX || all > ALL_MAX) {
  process.stderr.write("the console is over its size budget\n");
  process.exit(1);
}
