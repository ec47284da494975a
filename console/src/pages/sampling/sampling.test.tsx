import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { beforeEach, expect, test, vi } from "vitest";
import { go } from "../../shell/navigation";
import { now } from "../../shell/time";
import { answerWith, refused } from "../../test-answers";
import { formatRate } from "./columns";
import Sampling from "./sampling";

const rule = (RuleName: string, Priority: number, more: object = {}) => ({
  SamplingRule: {
    RuleName,
    RuleARN: `arn:aws:xray:us-east-1:000000000000:sampling-rule/${RuleName}`,
    Priority,
    FixedRate: 0.1,
    ReservoirSize: 5,
    ...more,
  },
});
const window = Math.floor(Date.now() / 10_000) * 10 - 20;
const answers = {
  GetSamplingRules: {
    SamplingRuleRecords: [
      rule("debug", 1, { HTTPMethod: "PUT", URLPath: "/history/*" }),
      rule("post", 2, { HTTPMethod: "POST", SamplingRateBoost: { MaxRate: 0.5, CooldownWindowMinutes: 3 } }),
      rule("Default", 10_000),
    ],
  },
  SamplingStatisticSummaries: {
    SamplingStatisticSummaries: [
      { RuleName: "post", Timestamp: window, RequestCount: 240, SampledCount: 24, BorrowCount: 6 },
    ],
  },
  ListTagsForResource: { Tags: [] },
  TraceSummaries: {
    TraceSummaries: [
      { Id: "1", EntryPoint: { Name: "web" }, Http: { HttpURL: "http://h/orders/1", HttpMethod: "PUT" } },
      { Id: "2", EntryPoint: { Name: "web" }, Http: { HttpURL: "http://h/x", HttpMethod: "GET" } },
    ],
  },
};

beforeEach(() => {
  vi.unstubAllGlobals();
  // Other keys for all queries: nothing is left of the test before.
  now.value += 1;
  go({ route: { page: "sampling" }, params: { view: undefined, tab: undefined } });
});

test("rules stand in the order in which they are tried, with what they do", async () => {
  answerWith(answers);
  render(<Sampling />);
  await screen.findByRole("link", { name: "debug" });
  const rows = screen.getAllByRole("row").slice(1);
  expect(rows.map(row => within(row).getByRole("link").textContent)).toEqual(["debug", "post", "Default"]);
  await waitFor(() => expect(rows[1]?.textContent).toContain("4.000.400.1010 %"));
  expect(
    within(rows[1] as HTMLElement)
      .getByRole("img")
      .getAttribute("aria-label"),
  ).toContain("at most 24");
  expect(rows[2]?.textContent).toContain("everything");
});

test("arrow keys on the handle move a rule and write its priority; it can be undone", async () => {
  const sent = answerWith({ ...answers, UpdateSamplingRule: { SamplingRuleRecord: rule("post", 1) } });
  render(<Sampling />);
  fireEvent.keyDown(await screen.findByRole("button", { name: /Move rule post/ }), { key: "ArrowUp" });
  const status = await screen.findByText(/post is now rule 1 of 2; the priorities of 2 rules/);
  const written = () =>
    sent.filter(({ path }) => path === "UpdateSamplingRule").map(({ body }) => body.SamplingRuleUpdate);
  expect(written()).toEqual([
    { RuleName: "post", Priority: 100 },
    { RuleName: "debug", Priority: 200 },
  ]);
  expect(screen.queryByRole("button", { name: /Move rule Default/ })).toBeNull();
  fireEvent.click(within(status).getByRole("button", { name: "Undo" }));
  await screen.findByText(/The order is as it was/);
  expect(written().slice(2)).toEqual([
    { RuleName: "debug", Priority: 1 },
    { RuleName: "post", Priority: 2 },
  ]);
});

test("a request is tested by hand", async () => {
  answerWith(answers);
  go({ route: { page: "sampling" }, params: { view: "test" } });
  render(<Sampling />);
  fireEvent.input(await screen.findByRole("textbox", { name: "Method" }), { target: { value: "post" } });
  const result = screen.getByRole("region", { name: "Result" });
  expect(within(result).getByRole("status").textContent).toContain("post takes it");
  expect(result.textContent).toContain("debugMethod differs");
  expect(result.textContent).toContain("Defaultnot asked");
});

test("the editor checks as the API does, and shows what a pattern would take", async () => {
  const sent = answerWith({
    ...answers,
    UpdateSamplingRule: refused("`SamplingRuleUpdate.Host`: expected other characters"),
  });
  go({ route: { page: "sampling", rule: "debug" } });
  render(<Sampling />);
  expect(await screen.findByText(/Matches 0 of 2 seen in the newest 2 traces/)).toBeTruthy();
  const path = screen.getByRole("textbox", { name: "URL path" });
  fireEvent.input(path, { target: { value: "/orders/*" } });
  expect(screen.getAllByText(/Matches 1 of 2 seen/).length).toBe(2);
  fireEvent.input(screen.getByRole("textbox", { name: "Fixed rate" }), { target: { value: "1.5" } });
  expect(screen.getByText("a number from 0 to 1")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Save changes" })).toHaveProperty("disabled", true);
  fireEvent.input(screen.getByRole("textbox", { name: "Fixed rate" }), { target: { value: "0.5" } });
  fireEvent.click(screen.getByRole("button", { name: "Save changes" }));
  expect(await screen.findByText("expected other characters")).toBeTruthy();
  const { body } = sent.find(({ path: to }) => to === "UpdateSamplingRule") ?? {};
  expect(body?.SamplingRuleUpdate).toMatchObject({ URLPath: "/orders/*", FixedRate: 0.5 });
});

test("switching a boost off writes a boost of nothing, since it cannot be taken away", async () => {
  const sent = answerWith({ ...answers, UpdateSamplingRule: { SamplingRuleRecord: rule("post", 2) } });
  go({ route: { page: "sampling", rule: "post" } });
  render(<Sampling />);
  fireEvent.click(await screen.findByRole("switch", { name: /Boost/ }));
  fireEvent.click(screen.getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(sent.some(({ path }) => path === "UpdateSamplingRule")).toBe(true));
  const { body } = sent.find(({ path }) => path === "UpdateSamplingRule") ?? {};
  expect(body?.SamplingRuleUpdate).toMatchObject({
    SamplingRateBoost: { MaxRate: 0, CooldownWindowMinutes: 3 },
  });
});

test("the JSON of a rule is the same rule", async () => {
  answerWith(answers);
  go({ route: { page: "sampling", rule: "debug" }, params: { tab: "json" } });
  render(<Sampling />);
  const editor = await screen.findByRole("textbox", { name: "Rule" });
  expect(JSON.parse((editor as HTMLTextAreaElement).value)).toMatchObject({ RuleName: "debug", Priority: 1 });
  fireEvent.input(editor, { target: { value: '{"RuleName":"debug","Priority":0}' } });
  expect(screen.getByText("Priority: a whole number from 1 to 9999")).toBeTruthy();
  fireEvent.input(editor, { target: { value: '{"RuleName":"debug","Prio":0}' } });
  expect(screen.getByText("a rule has no member Prio")).toBeTruthy();
  fireEvent.input(editor, { target: { value: '{"RuleName":"debug","Priority":7}' } });
  expect(screen.getByRole("button", { name: "Save changes" })).toHaveProperty("disabled", false);
  fireEvent.input(editor, { target: { value: '{"RuleName":"debug","Priority":7' } });
  expect(screen.getByRole("button", { name: "Save changes" })).toHaveProperty("disabled", true);
});

test("Default has shares to change, and is never deleted", async () => {
  answerWith(answers);
  go({ route: { page: "sampling", rule: "Default" } });
  render(<Sampling />);
  await screen.findByText(/Default takes what no other rule takes/);
  expect(screen.queryByRole("textbox", { name: "Host" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Delete…" })).toBeNull();
});

test("rates have as many digits as tell something", () => {
  expect([0, 0.001, 0.2, 12.34, 480.5].map(formatRate)).toEqual(["0", "< 0.01", "0.20", "12.3", "481"]);
});
