/** The form of a resource policy (spec security.md 4); the server has the last word. */

export const POLICY_BYTES_MAX = 5_120;
export const POLICY_NAME = /^[\w+=,.@-]{1,128}$/;

const MEMBERS = ["Version", "Id", "Statement"];
const STATEMENT_MEMBERS = ["Sid", "Effect", "Principal", "Action", "Resource", "NotResource", "Condition"];
const VERSIONS = ["2012-10-17", "2008-10-17"];

/** What is wrong, each with its place. */
export function policyProblems(document: unknown): string[] {
  if (!isObject(document)) return ["a policy is an object with Version and Statement"];
  const problems = unknownMembers(document, MEMBERS, "");
  const { Version, Statement } = document;
  if (Version !== undefined && !VERSIONS.includes(String(Version))) {
    problems.push(`Version: expected "${VERSIONS.join('" or "')}"`);
  }
  if (Statement === undefined) return [...problems, "Statement is missing"];
  const statements = Array.isArray(Statement) ? Statement : [Statement];
  if (statements.length === 0) problems.push("Statement: there is none");
  return [
    ...problems,
    ...statements.flatMap((statement, index) => statementProblems(statement, `Statement[${index}]`)),
  ];
}

/** True if a statement may keep its author from changing policies again: the server refuses such a one. */
export function mayLockOut(document: unknown): boolean {
  if (!isObject(document)) return false;
  return list(document.Statement).some(
    statement =>
      isObject(statement) &&
      statement.Effect === "Deny" &&
      list(statement.Action).some(action => "xray:putresourcepolicy".match(patternOf(String(action)))) &&
      (statement.Principal === "*" || isObject(statement.Principal)) &&
      !isOnlyServices(statement.Principal),
  );
}

/** Each statement in a line: "Allow sns.amazonaws.com: xray:PutTraceSegments and 2 more". */
export function statementsOf(document: unknown): string[] {
  if (!isObject(document)) return [];
  return list(document.Statement)
    .filter(isObject)
    .map(({ Effect, Principal, Action }) => {
      const names = isObject(Principal) ? Object.values(Principal).flatMap(list) : [Principal ?? "nobody"];
      const [first, ...more] = list(Action);
      return `${Effect} ${names.join(", ")}: ${first ?? "nothing"}${more.length > 0 ? ` and ${more.length} more` : ""}`;
    });
}

const isOnlyServices = (principal: unknown): boolean =>
  isObject(principal) && Object.keys(principal).every(kind => kind === "Service");

const patternOf = (wildcard: string): RegExp => {
  const escaped = wildcard.toLowerCase().replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
};

function statementProblems(statement: unknown, at: string): string[] {
  if (!isObject(statement)) return [`${at}: expected an object`];
  const problems = unknownMembers(statement, STATEMENT_MEMBERS, `${at}.`);
  if (statement.Effect !== "Allow" && statement.Effect !== "Deny") {
    problems.push(`${at}.Effect: expected "Allow" or "Deny"`);
  }
  if (statement.Principal === undefined) problems.push(`${at}.Principal is missing`);
  const actions = list(statement.Action);
  if (actions.length === 0) problems.push(`${at}.Action is missing`);
  if (actions.some(action => typeof action !== "string" || !/^(\*$|xray:)/i.test(action))) {
    problems.push(`${at}.Action: expected actions that begin with "xray:", or "*"`);
  }
  return problems;
}

const unknownMembers = (value: Record<string, unknown>, known: string[], at: string): string[] =>
  Object.keys(value)
    .filter(member => !known.includes(member))
    .map(member => `${at}${member}: there is no such member`);

const list = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
