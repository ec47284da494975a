/** Where in a form an error of the API belongs. */

/**
 * The member that the message of an error names first: `FixedRate` of "`SamplingRuleUpdate.FixedRate`: expected
 * …" and of "FixedRate must lie …"; a message about a filter expression names `FilterExpression`.
 */
export function memberOf(message: string): string | undefined {
  if (message.startsWith("Invalid filter expression")) return "FilterExpression";
  const quoted = /^`([A-Za-z.[\]0-9]+)`/.exec(message)?.[1] ?? /^([A-Z][A-Za-z]+)\b/.exec(message)?.[1];
  return quoted
    ?.replace(/\[\d+\]$/, "")
    .split(".")
    .pop();
}

/** The message without the member at its start: it is shown beside the field. */
export const withoutMember = (message: string): string =>
  message.replace(/^`[^`]+`: /, "").replace(/^Invalid filter expression: /, "");
