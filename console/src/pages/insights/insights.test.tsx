import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { beforeEach, expect, test, vi } from "vitest";
import recorded from "../../api/recorded/configure.json";
import { go } from "../../shell/navigation";
import { now } from "../../shell/time";
import { answerWith, refused } from "../../test-answers";
import { align, timesOf } from "./impact";
import InsightPage from "./insight";
import Insights from "./insights";

const answerTo = (path: string): object =>
  recorded.find(one => one.path === path && one.status === 200)?.answer ?? {};
const summaries = answerTo("InsightSummaries") as {
  InsightSummaries: { InsightId: string; StartTime: number }[];
};
const [active] = summaries.InsightSummaries;
const closed = {
  ...active,
  InsightId: "5c22356f-0b50-444d-97c2-bdd2f0143f8c",
  State: "CLOSED",
  StartTime: (active?.StartTime ?? 0) - 3_600,
  EndTime: (active?.StartTime ?? 0) - 3_000,
  RootCauseServiceId: { Name: "orders", Type: "AWS::DynamoDB::Table" },
  TopAnomalousServices: [],
};
const groups = (isWatched: boolean) => ({
  Groups: [
    { GroupName: "Default", InsightsConfiguration: { InsightsEnabled: isWatched } },
    { GroupName: "slow", InsightsConfiguration: { InsightsEnabled: false } },
  ],
});
const trace = {
  Id: "1-6b071b3b-8304d71522a1ca2e7dc3e17e",
  HasFault: true,
  FaultRootCauses: [
    {
      Services: [
        { Name: "shop-web", EntityPath: [{ Name: "shop-web" }] },
        { Name: "pay", EntityPath: [{ Name: "pay", Exceptions: [{ Name: "UpstreamTimeout" }] }] },
      ],
    },
  ],
};
const answers = {
  Groups: groups(true),
  InsightSummaries: { InsightSummaries: [active, closed] },
  Insight: answerTo("Insight"),
  InsightEvents: answerTo("InsightEvents"),
  InsightImpactGraph: answerTo("InsightImpactGraph"),
  ServiceGraph: { Services: [] },
  TimeSeriesServiceStatistics: answerTo("TimeSeriesServiceStatistics"),
  TraceSummaries: { TraceSummaries: [trace, trace], TracesProcessedCount: 9 },
};

beforeEach(() => {
  vi.unstubAllGlobals();
  // Other keys for all queries: nothing is left of the test before.
  now.value = ((active?.StartTime ?? 0) + 800) * 1000 + Math.floor(Math.random() * 100_000);
  go({ route: { page: "insights" }, params: { view: undefined, q: undefined, group: undefined } });
});

test("the list has root cause, state, duration and impact; filters are in the address", async () => {
  answerWith(answers);
  const { rerender } = render(<Insights />);
  const row = (await screen.findByRole("link", { name: "pay" })).closest("tr") as HTMLElement;
  expect(row.textContent).toContain("Active");
  expect(row.textContent).toMatch(/\d+ % \d+ of \d+/);
  await waitFor(() => expect(within(row).getByRole("img").getAttribute("aria-label")).toContain("expected"));
  expect(screen.getByRole("link", { name: "orders" }).closest("tr")?.textContent).toContain("10 m 00 s");
  expect(screen.getByText(/Not watched/).textContent).toContain("slow");
  fireEvent.click(screen.getByRole("button", { name: "Closed" }));
  rerender(<Insights />);
  expect(location.hash).toContain("view=closed");
  expect(screen.queryByRole("link", { name: "pay" })).toBeNull();
  fireEvent.input(screen.getByRole("textbox", { name: "Service" }), { target: { value: "nobody" } });
  rerender(<Insights />);
  expect(screen.getByText("No insight is like that")).toBeTruthy();
});

test("where nothing is watched, the page says what insights are and switches them on", async () => {
  const sent = answerWith({
    ...answers,
    Groups: groups(false),
    UpdateGroup: { Group: groups(true).Groups[0] },
  });
  render(<Insights />);
  await screen.findByText("No group is watched");
  fireEvent.click(screen.getByRole("button", { name: "Watch all traces" }));
  await waitFor(() => expect(sent.some(({ path }) => path === "UpdateGroup")).toBe(true));
  expect(sent.find(({ path }) => path === "UpdateGroup")?.body).toMatchObject({ GroupName: "Default" });
});

test("a range without insights points to the newest", async () => {
  answerWith({
    ...answers,
    InsightSummaries: body => {
      const isMonth = Number(Reflect.get(body, "EndTime")) - Number(Reflect.get(body, "StartTime")) > 86_400;
      return { InsightSummaries: isMonth ? [closed] : [] };
    },
  });
  render(<Insights />);
  expect(await screen.findByText(/The newest began .* at orders/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Show the last 30 days" })).toBeTruthy();
});

test("one insight: services ranked, impact, events, evidence", async () => {
  answerWith(answers);
  go({ route: { page: "insight", id: active?.InsightId ?? "" } });
  render(<InsightPage />);
  await screen.findByRole("heading", { name: "Faults of pay" });
  const services = screen.getByRole("list", { name: /Anomalous services/ });
  expect(within(services).getAllByRole("listitem").length).toBe(3);
  const root = within(services).getByText("root cause").closest("li") as HTMLElement;
  expect(root.textContent).toContain("pay");
  const link = within(root).getByRole("link").getAttribute("href") ?? "";
  expect(decodeURIComponent(link.replaceAll("+", " "))).toContain(
    'filter=service(id(name: "pay", type: "AWS::ECS::Fargate")) { fault }',
  );
  await screen.findByRole("figure", { name: /Faults of the root cause/ });
  const causes = await screen.findByRole("table", { name: "Root causes" });
  expect(causes.textContent).toContain("shop-web→ payUpstreamTimeout2100 %");
});

test("an event moves the time, and what is shown of it", async () => {
  const sent = answerWith(answers);
  go({ route: { page: "insight", id: active?.InsightId ?? "" } });
  const { rerender } = render(<InsightPage />);
  fireEvent.click(await screen.findByRole("button", { name: /Opened/ }));
  rerender(<InsightPage />);
  expect(location.hash).toContain("view=");
  const [event] = (answers.InsightEvents as { InsightEvents: { EventTime: number }[] }).InsightEvents;
  await waitFor(() =>
    expect(
      sent.some(({ path, body }) => path === "InsightImpactGraph" && body.EndTime === event?.EventTime),
    ).toBe(true),
  );
  expect(screen.getByText("Clients until then").closest("div")?.textContent).toContain("38 of 180 failed");
});

test("an insight that is not there is an error in words", async () => {
  answerWith({ ...answers, Insight: refused("`InsightId`: no such insight") });
  go({ route: { page: "insight", id: "nothing" } });
  render(<InsightPage />);
  expect((await screen.findByRole("alert")).textContent).toContain("no such insight");
});

test("windows are cut as the server cuts them; those without data are there", () => {
  const times = timesOf({ start: 90_000, end: 300_000 }, 60);
  expect(times).toEqual([60_000, 120_000, 180_000, 240_000]);
  const row = { Timestamp: 120, ResponseTimeHistogram: [] };
  expect(align([row as never], times)).toEqual([undefined, row, undefined, undefined]);
});
