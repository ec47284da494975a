import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { beforeEach, expect, test, vi } from "vitest";
import { go } from "../../shell/navigation";
import { now } from "../../shell/time";
import { answerWith, refused } from "../../test-answers";
import type { SettingsSection } from "../../url/address";
import Settings from "./settings";

const document = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "xray:Put*" }],
});
const policies = {
  ResourcePolicies: [
    { PolicyName: "sns", PolicyDocument: document, PolicyRevisionId: "3", LastUpdatedTime: 1_795_627_560 },
  ],
};
const indexing = {
  GetIndexingRules: {
    IndexingRules: [
      { Name: "Default", ModifiedAt: 0, Rule: { Probabilistic: { DesiredSamplingPercentage: 1 } } },
    ],
  },
  GetTraceSegmentDestination: { Destination: "XRay", Status: "ACTIVE" },
};

const open = (section: SettingsSection, params: { q?: string; view?: string } = {}) =>
  go({ route: { page: "settings", section }, params: { q: undefined, view: undefined, ...params } });

beforeEach(() => {
  vi.unstubAllGlobals();
  // Other keys for all queries: nothing is left of the test before.
  now.value += 1;
});

test("tabs lead to the sections, each at its address", async () => {
  answerWith({ ...indexing, EncryptionConfig: { EncryptionConfig: { Type: "NONE", Status: "ACTIVE" } } });
  open("encryption");
  render(<Settings />);
  await screen.findByText("Plain files: no key");
  fireEvent.click(screen.getByRole("tab", { name: "Indexing" }));
  expect(location.hash).toBe("#/settings/indexing");
  await screen.findByText(/Every trace is indexed/);
});

test("a change of encryption says what it does, is asked about, and followed until it is active", async () => {
  let status = "UPDATING";
  const arn = "arn:aws:kms:us-east-1:000000000000:key/1a00dc9a";
  let config: object = { Type: "NONE", Status: "ACTIVE" };
  const sent = answerWith({
    EncryptionConfig: () => ({
      EncryptionConfig: "KeyId" in config ? { ...config, Status: status } : config,
    }),
    PutEncryptionConfig: body => {
      if (body.KeyId === "nope") return refused("`KeyId`: no key has the alias, id or ARN `nope`");
      config = { Type: "KMS", KeyId: arn };
      return { EncryptionConfig: { ...config, Status: status } };
    },
  });
  open("encryption");
  render(<Settings />);
  fireEvent.click(await screen.findByRole("radio", { name: /Encrypted with a key/ }));
  const key = screen.getByRole("textbox", { name: "Key" });
  const change = async () => {
    fireEvent.click(screen.getByRole("button", { name: "Change encryption…" }));
    const dialog = await screen.findByRole("alertdialog");
    expect(dialog.textContent).toContain("new segments are refused");
    fireEvent.click(within(dialog).getByRole("button", { name: "Change encryption" }));
  };
  fireEvent.input(key, { target: { value: "nope" } });
  await change();
  expect(await screen.findByText("no key has the alias, id or ARN `nope`")).toBeTruthy();
  fireEvent.input(key, { target: { value: "alias/aws/xray" } });
  await change();
  await screen.findByText(/Updating/);
  expect(screen.getByText(arn)).toBeTruthy();
  status = "ACTIVE";
  await waitFor(() => expect(screen.getByText("Active")).toBeTruthy(), { timeout: 3_000 });
  expect(sent.filter(({ path }) => path === "PutEncryptionConfig").length).toBe(2);
});

test("a policy is checked while it is written, and replaces the revision that was read", async () => {
  const sent = answerWith({
    ListResourcePolicies: policies,
    PutResourcePolicy: refused(
      "`PolicyRevisionId`: `sns` is at revision 4",
      "InvalidPolicyRevisionIdException",
    ),
  });
  open("policies", { q: "sns" });
  render(<Settings />);
  expect(await screen.findByText("Allow sns.amazonaws.com: xray:Put*")).toBeTruthy();
  const field = screen.getByRole("textbox", { name: "Policy" });
  fireEvent.input(field, { target: { value: "{" } });
  expect(screen.getByText(/not JSON/)).toBeTruthy();
  fireEvent.input(field, { target: { value: document.replace("Allow", "Maybe") } });
  expect(screen.getByText('Statement[0].Effect: expected "Allow" or "Deny"')).toBeTruthy();
  expect(screen.getByRole("button", { name: "Save changes" })).toHaveProperty("disabled", true);
  fireEvent.input(field, { target: { value: document.replace("Put", "Get") } });
  fireEvent.click(screen.getByRole("button", { name: "Save changes" }));
  await screen.findByText(/changed meanwhile/);
  expect(sent.find(({ path }) => path === "PutResourcePolicy")?.body).toMatchObject({
    PolicyName: "sns",
    PolicyRevisionId: "3",
    BypassPolicyLockoutCheck: false,
  });
});

test("a lock-out is warned of; leaving out the check is asked about", async () => {
  const locking = { Statement: [{ Effect: "Deny", Principal: "*", Action: "xray:*" }] };
  const sent = answerWith({
    ListResourcePolicies: { ResourcePolicies: [] },
    PutResourcePolicy: {
      ResourcePolicy: { PolicyName: "lock", PolicyDocument: "{}", PolicyRevisionId: "1" },
    },
  });
  open("policies", { view: "new" });
  render(<Settings />);
  fireEvent.input(await screen.findByRole("textbox", { name: "Name" }), { target: { value: "lock" } });
  fireEvent.input(screen.getByRole("textbox", { name: "Policy" }), {
    target: { value: JSON.stringify(locking) },
  });
  expect(screen.getByText(/perhaps you, can no longer/)).toBeTruthy();
  fireEvent.click(screen.getByRole("switch", { name: /lock-out check/ }));
  fireEvent.click(screen.getByRole("button", { name: "Create policy" }));
  const dialog = await screen.findByRole("alertdialog");
  fireEvent.click(within(dialog).getByRole("button", { name: "Save all the same" }));
  await waitFor(() => expect(sent.some(({ path }) => path === "PutResourcePolicy")).toBe(true));
  expect(sent.find(({ path }) => path === "PutResourcePolicy")?.body).toMatchObject({
    PolicyRevisionId: "0",
    BypassPolicyLockoutCheck: true,
  });
});

test("indexing fewer traces names what is no longer found, and asks", async () => {
  const sent = answerWith({
    ...indexing,
    UpdateTraceSegmentDestination: { Destination: "CloudWatchLogs", Status: "ACTIVE" },
    UpdateIndexingRule: { IndexingRule: indexing.GetIndexingRules.IndexingRules[0] as object },
  });
  open("indexing");
  render(<Settings />);
  const share = await screen.findByRole("textbox", { name: "Share that is indexed" });
  fireEvent.input(share, { target: { value: "120" } });
  expect(screen.getByText("a number from 0 to 100")).toBeTruthy();
  fireEvent.input(share, { target: { value: "12.5" } });
  fireEvent.click(screen.getByRole("radio", { name: /Transaction Search/ }));
  fireEvent.click(screen.getByRole("button", { name: "Save changes" }));
  const dialog = await screen.findByRole("alertdialog", { name: "Index 12.5 % of the traces?" });
  expect(dialog.textContent).toContain("in no list, map, group or insight");
  fireEvent.click(within(dialog).getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(sent.some(({ path }) => path === "UpdateTraceSegmentDestination")).toBe(true));
  expect(sent.find(({ path }) => path === "UpdateIndexingRule")?.body).toEqual({
    Name: "Default",
    Rule: { Probabilistic: { DesiredSamplingPercentage: 12.5 } },
  });
});

test("tags of groups and rules stand in one table", async () => {
  answerWith({
    Groups: { Groups: [{ GroupName: "slow", GroupARN: "arn:g" }] },
    GetSamplingRules: {
      SamplingRuleRecords: [
        {
          SamplingRule: { RuleName: "debug", RuleARN: "arn:r", Priority: 1, FixedRate: 1, ReservoirSize: 1 },
        },
      ],
    },
    ListTagsForResource: body => ({
      Tags: body.ResourceARN === "arn:g" ? [{ Key: "team", Value: "shop" }] : [],
    }),
  });
  open("tags");
  render(<Settings />);
  const link = await screen.findByRole("link", { name: "slow" });
  expect(link.getAttribute("href")).toContain("/groups/slow");
  expect(link.closest("tr")?.textContent).toContain("team shop");
  expect(screen.getByRole("link", { name: "debug" }).getAttribute("href")).toContain("/sampling/debug");
});
