/**
 * A server with data, a browser, and pages of the console in it. Every page is guarded: a console error, an
 * uncaught exception, a violation of the content security policy (the browser logs it) or a request to anywhere else fails the test.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type Launch, Server } from "./server";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Exact heap sizes, and the collector to call before reading them.
  "--enable-precise-memory-info",
  "--js-flags=--expose-gc",
];
/** How long a page may take to show what a test waits for; the machine may be busy. */
const PATIENCE_MILLIS = 15_000;

export type Theme = "light" | "dark";

export interface Opening {
  theme?: Theme;
  width?: number;
  height?: number;
  /** Console errors that belong to what is tested. */
  expected?: RegExp[];
}

export interface Console {
  readonly server: Server;
  readonly browser: Browser;
  /** Of the console, with a slash at the end. */
  readonly url: string;
  /** Opens an address (from `#` on) in a fresh browser profile. */
  open(hash: string, opening?: Opening): Promise<Page>;
}

/** For one file of tests: starts server and browser, fills the server, ends both. */
export function useConsole(fill: (server: Server) => Promise<void>, launch: Launch = {}): Console {
  let server: Server | undefined;
  let browser: Browser | undefined;
  const contexts: BrowserContext[] = [];
  const troubles: string[] = [];

  beforeAll(async () => {
    server = await Server.start(launch);
    await isBuiltIn(server);
    [browser] = await Promise.all([chromium.launch({ executablePath: CHROMIUM, args: FLAGS }), fill(server)]);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await picture(contexts, task.name);
    await Promise.all(contexts.splice(0).map(context => context.close()));
    expect(troubles.splice(0), "what went wrong in the browser").toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.kill();
  });

  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("only within a test");
    return part;
  };
  return {
    get server() {
      return started(server);
    },
    get browser() {
      return started(browser);
    },
    get url() {
      return `${started(server).url}/console/`;
    },
    async open(hash, { theme = "light", width = 1280, height = 800, expected = [] } = {}) {
      const context = await started(browser).newContext({
        colorScheme: theme,
        viewport: { width, height },
        // Pictures and texts must not depend on where the tests run.
        locale: "en-GB",
        timezoneId: "UTC",
        reducedMotion: "reduce",
      });
      contexts.push(context);
      context.setDefaultTimeout(PATIENCE_MILLIS);
      const page = await context.newPage();
      await guard(page, started(server).url, troubles, expected);
      await page.goto(`${started(server).url}/console/${hash}`);
      return page;
    },
  };
}

/** The console of dist/ must be the one that the binary holds: else something old would be tested. */
async function isBuiltIn(server: Server): Promise<void> {
  const built = readFileSync(join(import.meta.dirname, "../../dist/index.html"), "utf8");
  const served = await fetch(`${server.url}/console/`).then(answer => answer.text());
  const files = (html: string) => html.match(/assets\/[\w.-]+/g) ?? [];
  if (files(built).length === 0 || files(built).join() !== files(served).join()) {
    throw new Error("the binary holds another console: `npm run build`, then `cargo build -p roentgen`");
  }
}

async function guard(page: Page, url: string, troubles: string[], expected: RegExp[]): Promise<void> {
  const origin = new URL(url).origin;
  const trouble = (text: string) => {
    if (!expected.some(pattern => pattern.test(text))) troubles.push(text);
  };
  page.on("console", message => {
    if (message.type() === "error" || message.type() === "warning") {
      trouble(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  page.on("pageerror", error => trouble(`uncaught: ${error.stack ?? error.message}`));
  page.on("crash", () => trouble("the page crashed"));
  page.on("dialog", dialog => trouble(`a dialog: ${dialog.message()}`));
  page.on("request", request => {
    const to = request.url();
    if (!to.startsWith("data:") && new URL(to).origin !== origin) trouble(`a request to ${to}`);
  });
  await page.exposeFunction("executed", (what: string) => trouble(`executed: ${what}`));
}

/** What a failed test saw, for the one who mends it. */
async function picture(contexts: BrowserContext[], test: string): Promise<void> {
  const directory = join(import.meta.dirname, "../failures");
  mkdirSync(directory, { recursive: true });
  const name = test.replace(/\W+/g, "-").slice(0, 80);
  for (const [index, page] of contexts.flatMap(context => context.pages()).entries()) {
    await page.screenshot({ path: join(directory, `${name}-${index}.png`) }).catch(() => undefined);
  }
}
