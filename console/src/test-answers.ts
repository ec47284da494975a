/** For component tests: a server of recorded answers behind `fetch`. */
import { vi } from "vitest";

export interface Sent {
  path: string;
  body: Record<string, unknown>;
}

/** Text is sent as it is: a stream of events. */
type Answer = object | string | ((body: Record<string, unknown>) => object | string);

/** An answer with a status that is not 200. */
export class Refused {
  constructor(
    readonly status: number,
    readonly body: object,
  ) {}
}

/** Answers each path as given; what is not given is refused. Returns what was sent, as it goes on. */
export function answerWith(answers: Record<string, Answer>): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (url: URL, init?: RequestInit) => {
    const path = url.pathname.replace(/^\//, "");
    const body = init?.body ? JSON.parse(String(init.body)) : {};
    sent.push({ path, body });
    const answer = answers[path] ?? new Refused(404, { __type: "NotFound", message: `no ${path} here` });
    const value = typeof answer === "function" ? answer(body) : answer;
    if (typeof value === "string") return new Response(value);
    return value instanceof Refused
      ? new Response(JSON.stringify(value.body), { status: value.status })
      : new Response(JSON.stringify(value));
  });
  return sent;
}

export const refused = (message: string, code = "InvalidRequestException", status = 400): Refused =>
  new Refused(status, { __type: code, Message: message });
