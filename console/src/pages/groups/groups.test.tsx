import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { beforeEach, expect, test, vi } from "vitest";
import { go } from "../../shell/navigation";
import { now } from "../../shell/time";
import { answerWith, refused } from "../../test-answers";
import Groups from "./groups";

const arn = (name: string) => `arn:aws:xray:us-east-1:000000000000:group/${name}/KKF5`;
const group = (GroupName: string, FilterExpression?: string, InsightsEnabled = false) => ({
  GroupName,
  GroupARN: arn(GroupName),
  FilterExpression,
  InsightsConfiguration: { InsightsEnabled, NotificationsEnabled: false },
});
const trace = {
  Id: "1-6b071b3b-8304d71522a1ca2e7dc3e17e",
  ResponseTime: 0.075,
  HasFault: true,
  Http: { HttpURL: "https://shop.example/checkout", HttpMethod: "POST" },
};
const answers = {
  Groups: { Groups: [group("Default", undefined, true), group("slow", "responsetime > 1")] },
  TimeSeriesServiceStatistics: {
    TimeSeriesServiceStatistics: [
      { Timestamp: 0, EdgeSummaryStatistics: { TotalCount: 1_200 } },
      { Timestamp: 300, EdgeSummaryStatistics: { TotalCount: 4 } },
    ],
  },
  ListTagsForResource: { Tags: [{ Key: "team", Value: "shop" }] },
  "api/v1/search": [
    `event: rows\ndata: ${JSON.stringify({ replace: false, summaries: [trace] })}`,
    'event: done\ndata: {"matched":1,"scanned":50,"elapsedMs":3,"complete":true,"limit":null}',
    "",
  ].join("\n\n"),
};

beforeEach(() => {
  vi.unstubAllGlobals();
  // Other keys for all queries: nothing is left of the test before.
  now.value += 1;
  go({ route: { page: "groups" }, params: { view: undefined } });
});

test("the table has expression, count, insights and tags of each group", async () => {
  answerWith(answers);
  render(<Groups />);
  const row = (await screen.findByRole("link", { name: "slow" })).closest("tr");
  expect(row?.textContent).toContain("responsetime > 1");
  await waitFor(() => expect(row?.textContent).toContain("1,204"));
  expect(row?.textContent).toContain("team shop");
  expect(screen.getByText("1 of 25")).toBeTruthy();
});

test("the server's refusal is a state of the page", async () => {
  answerWith({ Groups: refused("no", "AccessDeniedException", 403) });
  render(<Groups />);
  expect((await screen.findByRole("alert")).textContent).toContain("Not allowed");
});

test("an expression is tried while it is written, and what the server says of it stands beside it", async () => {
  const sent = answerWith({
    ...answers,
    "api/v1/search": body =>
      String(body.filter).includes("group.name")
        ? refused("Invalid filter expression: unknown group `nope` at position 13")
        : answers["api/v1/search"],
  });
  go({ route: { page: "groups", name: "slow" } });
  render(<Groups />);
  const preview = await screen.findByRole("region", { name: "Preview" });
  await waitFor(() =>
    expect(preview.textContent).toContain("1 trace of the last 15 minutes match: 2.0 % of 50"),
  );
  expect(within(preview).getByRole("link").getAttribute("href")).toContain(trace.Id);
  const field = screen.getByRole("textbox", { name: "Filter expression" });
  fireEvent.input(field, { target: { value: "responsetime >> 1" } });
  expect(screen.getByText(/Not an expression yet/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Save changes" })).toHaveProperty("disabled", true);
  fireEvent.input(field, { target: { value: 'group.name = "nope"' } });
  expect(screen.getByText(/Only traces that arrive from now on/)).toBeTruthy();
  await screen.findByText("unknown group `nope` at position 13");
  expect(sent.filter(({ path }) => path === "api/v1/search").length).toBe(2);
});

test("notifications need insights; saving sends what was changed and no more", async () => {
  const sent = answerWith({ ...answers, UpdateGroup: { Group: group("slow", "responsetime > 1", true) } });
  go({ route: { page: "groups", name: "Default" } });
  go({ route: { page: "groups", name: "slow" } });
  render(<Groups />);
  const notifications = await screen.findByRole("switch", { name: "Send notifications" });
  expect(screen.getByRole("textbox", { name: "Filter expression" })).toHaveProperty(
    "value",
    'group.name = "nope"',
  );
  fireEvent.input(screen.getByRole("textbox", { name: "Filter expression" }), {
    target: { value: "responsetime > 1" },
  });
  expect(notifications).toHaveProperty("disabled", true);
  fireEvent.click(screen.getByRole("switch", { name: "Find insights" }));
  expect(screen.getByRole("switch", { name: "Send notifications" })).toHaveProperty("disabled", false);
  fireEvent.click(screen.getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(sent.find(({ path }) => path === "UpdateGroup")).toBeTruthy());
  expect(sent.find(({ path }) => path === "UpdateGroup")?.body).toEqual({
    GroupName: "slow",
    InsightsConfiguration: { InsightsEnabled: true, NotificationsEnabled: false },
  });
});

test("a new group is made; what the server refuses stands at its field", async () => {
  const sent = answerWith({ ...answers, CreateGroup: refused("`GroupName`: a group named `slow` exists") });
  render(<Groups />);
  fireEvent.click(await screen.findByRole("button", { name: "New group" }));
  const name = await screen.findByRole("textbox", { name: "Name" });
  fireEvent.input(name, { target: { value: "a b" } });
  expect(screen.getByText(/letters, digits/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Create group" })).toHaveProperty("disabled", true);
  fireEvent.input(name, { target: { value: "slow" } });
  fireEvent.click(screen.getByRole("button", { name: "Create group" }));
  expect(await screen.findByText("a group named `slow` exists")).toBeTruthy();
  const { body } = sent.find(({ path }) => path === "CreateGroup") ?? {};
  expect(body).toMatchObject({ GroupName: "slow", FilterExpression: "" });
});

test("deleting names its effect and asks first; Default cannot be deleted", async () => {
  const sent = answerWith({ ...answers, DeleteGroup: {} });
  go({ route: { page: "groups", name: "slow" } });
  render(<Groups />);
  fireEvent.click(await screen.findByRole("button", { name: "Delete…" }));
  const dialog = await screen.findByRole("alertdialog");
  expect(dialog.textContent).toContain("The traces themselves stay");
  expect(sent.some(({ path }) => path === "DeleteGroup")).toBe(false);
  fireEvent.click(within(dialog).getByRole("button", { name: "Delete group" }));
  await waitFor(() => expect(sent.some(({ path }) => path === "DeleteGroup")).toBe(true));
  go({ route: { page: "groups", name: "Default" } });
  await screen.findByText(/Every trace belongs to this group/);
  expect(screen.queryByRole("button", { name: "Delete…" })).toBeNull();
});
