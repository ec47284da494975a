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

// The first page needs what index.html names, and the page itself: the larger of the two it may be.
const html = readFileSync("dist/index.html", "utf8");
const named = assets.filter(path => html.includes(path.split("/").pop()) && path.endsWith(".js"));
const pages = assets.filter(path => /\/(trace-map|traces)-[^/]*\.js$/.test(path));
const sum = paths => paths.reduce((total, path) => total + size(path), 0);
const first = sum(named) + Math.max(0, ...pages.map(size));
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
