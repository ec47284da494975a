/** The real binary with a data directory of its own and free ports. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Document } from "./documents";
import { eventually } from "./eventually";

const BINARY = resolve(
  process.env.ROENTGEN_BINARY ?? join(import.meta.dirname, "../../../target/debug/roentgen"),
);

/** An unoptimised server is slow where a released one is not: figures leave its share out. */
export const IS_DEBUG_BUILD = BINARY.includes("/debug/");

/** Documents of one call, and their bytes: what the API takes at once. */
const DOCUMENTS_MAX = 500;
const BYTES_MAX = 2_000_000;

export interface Launch {
  command?: "serve" | "demo";
  flags?: string[];
  /** Settings without a flag, as environment variables. */
  settings?: Record<string, string>;
}

export class Server {
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #log: string[];
  /** Of the HTTP port, without a slash at the end. */
  readonly url: string;

  private constructor(process: ChildProcess, directory: string, log: string[], url: string) {
    this.#process = process;
    this.#directory = directory;
    this.#log = log;
    this.url = url;
  }

  static async start({ command = "serve", flags = [], settings = {} }: Launch = {}): Promise<Server> {
    if (!existsSync(BINARY)) {
      throw new Error(
        `no binary at ${BINARY}: \`cargo build -p roentgen\`, or say where with ROENTGEN_BINARY`,
      );
    }
    const directory = mkdtempSync(join(tmpdir(), "roentgen-e2e-"));
    const flagsOfPorts = ["--http", "--daemon", "--otlp-grpc", "--otlp-http"];
    const ports = flagsOfPorts.flatMap(flag => [flag, "127.0.0.1:0"]);
    const foreign = /^(ROENTGEN|AWS)_/;
    const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    const child = spawn(BINARY, [command, "--data-dir", directory, ...ports, ...flags], {
      env: { ...Object.fromEntries(own), ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", text => log.push(text));
    }
    const http = await eventually("the server's start", async () => {
      if (child.exitCode !== null) throw new Error(`roentgen ended with ${child.exitCode}:\n${log.join("")}`);
      const endpoints = join(directory, "endpoints.json");
      if (!existsSync(endpoints)) return undefined;
      const { http } = JSON.parse(readFileSync(endpoints, "utf8"));
      const isWell = await fetch(`http://${http}/healthz`).then(
        answer => answer.ok,
        () => false,
      );
      return isWell ? String(http) : undefined;
    });
    return new Server(child, directory, log, `http://${http}`);
  }

  /** Calls an operation of X-Ray's API (`ServiceGraph`) or of the console's (`api/v1/…`). */
  async call<T = Record<string, unknown>>(path: string, body: object): Promise<T> {
    const answer = await fetch(`${this.url}/${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Sends segment documents; all of them must be accepted. */
  async put(documents: readonly Document[]): Promise<void> {
    let batch: string[] = [];
    let bytes = 0;
    const send = async () => {
      const sent = batch;
      [batch, bytes] = [[], 0];
      type Answer = { UnprocessedTraceSegments: object[] };
      const answer = await this.call<Answer>("TraceSegments", { TraceSegmentDocuments: sent });
      if (answer.UnprocessedTraceSegments.length > 0) {
        throw new Error(`documents were refused: ${JSON.stringify(answer.UnprocessedTraceSegments[0])}`);
      }
    };
    for (const document of documents) {
      const text = JSON.stringify(document);
      if (batch.length >= DOCUMENTS_MAX || bytes + text.length > BYTES_MAX) await send();
      batch.push(text);
      bytes += text.length;
    }
    if (batch.length > 0) await send();
  }

  log(): string {
    return this.#log.join("");
  }

  /** Ends it at once, as `kill -9` does. */
  async kill(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
