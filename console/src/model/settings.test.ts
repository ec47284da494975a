import { expect, test } from "vitest";
import { memberOf, withoutMember } from "./api-problem";
import { mayLockOut, policyProblems } from "./policy";
import { tagsProblem } from "./tags";

test("an error of the API is shown at the member it names", () => {
  const cases: [string, string | undefined][] = [
    ["`SamplingRuleUpdate.FixedRate`: expected a number from 0 to 1, found 1.5", "FixedRate"],
    ["FixedRate must lie between 0 and 1", "FixedRate"],
    ["`InsightsConfiguration.NotificationsEnabled` needs `InsightsEnabled`", "NotificationsEnabled"],
    ["`Tags[0]`: keys that begin with `aws:` are reserved", "Tags"],
    ["Invalid filter expression: expected a value, found `>` at position 14", "FilterExpression"],
    ["the account already has 25 groups, the most allowed", undefined],
  ];
  for (const [message, member] of cases) expect(memberOf(message)).toBe(member);
  expect(withoutMember("`KeyId`: no key has the alias")).toBe("no key has the alias");
  const sentence = "`PolicyDocument` would deny you xray:PutResourcePolicy";
  expect(withoutMember(sentence)).toBe(sentence);
});

test("tags", () => {
  expect(tagsProblem([{ Key: "team", Value: "größe 1" }])).toBeUndefined();
  expect(tagsProblem([{ Key: "", Value: "" }])).toMatch(/needs a key/);
  expect(tagsProblem([{ Key: "aws:x", Value: "" }])).toMatch(/reserved/);
  expect(tagsProblem([{ Key: "a", Value: "!" }])).toMatch(/letters/);
  const twice = { Key: "a", Value: "" };
  expect(tagsProblem([twice, twice])).toMatch(/twice/);
});

const statement = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "xray:Put*" };

test("a policy is checked as the server does", () => {
  expect(policyProblems({ Version: "2012-10-17", Statement: [statement] })).toEqual([]);
  expect(policyProblems({ Statement: { ...statement, Effect: "Maybe" } })).toEqual([
    'Statement[0].Effect: expected "Allow" or "Deny"',
  ]);
  expect(policyProblems({ Statement: [{ ...statement, Action: "s3:Get" }] })[0]).toMatch(/Action/);
  expect(policyProblems({ Statement: [{ Effect: "Allow", Action: "*" }] })[0]).toMatch(/Principal/);
  expect(policyProblems({ Statements: [] })).toEqual([
    "Statements: there is no such member",
    "Statement is missing",
  ]);
  expect(policyProblems("text")[0]).toMatch(/object/);
});

test("a denial of changing policies is warned of", () => {
  const denies = (more: object) => ({
    Statement: [{ Effect: "Deny", Principal: "*", Action: "xray:*", ...more }],
  });
  expect(mayLockOut(denies({}))).toBe(true);
  expect(mayLockOut(denies({ Principal: { AWS: "000000000000" }, Action: ["xray:PutResource*"] }))).toBe(
    true,
  );
  expect(mayLockOut(denies({ Principal: { Service: "sns.amazonaws.com" } }))).toBe(false);
  expect(mayLockOut(denies({ Action: "xray:Get*" }))).toBe(false);
  expect(mayLockOut(denies({ Effect: "Allow" }))).toBe(false);
});
