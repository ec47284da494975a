/** Breaks a statement into lines at its clauses; no character of it is changed but the white space between them. */

const CLAUSE =
  /^(?:select|from|where|and|or|group\s+by|order\s+by|having|limit|offset|values|set|union(?:\s+all)?|returning|(?:left|right|full|inner|cross)(?:\s+outer)?\s+join|join|on\s+(?:duplicate|conflict))\b/i;
const INDENTED = /^(?:and|or)\b/i;

export function formatSql(statement: string): string {
  let result = "";
  let depth = 0;
  for (let at = 0; at < statement.length; ) {
    const quoted = quotedAt(statement, at);
    if (quoted) {
      result += quoted;
      at += quoted.length;
      continue;
    }
    const character = statement[at] as string;
    if (character === "(") depth += 1;
    if (character === ")") depth = Math.max(0, depth - 1);
    const space = /^\s+/.exec(statement.slice(at, at + 200))?.[0];
    if (space) {
      const next = statement.slice(at + space.length, at + space.length + 40);
      const breaks = depth === 0 && result !== "" && CLAUSE.test(next) && !goesOn(result, next);
      result += breaks ? `\n${INDENTED.test(next) ? "  " : ""}` : " ";
      at += space.length;
      continue;
    }
    result += character;
    at += 1;
  }
  return result.trim();
}

/** `LEFT` and `JOIN` are one clause; the `AND` of a `BETWEEN` is none. */
const goesOn = (before: string, next: string): boolean => {
  const end = before.slice(-200);
  if (/^join\b/i.test(next)) return /\b(?:left|right|full|inner|cross|outer|natural)$/i.test(end);
  return /^and\b/i.test(next) && /\bbetween\s+\S+$/i.test(end);
};

/** A quoted text, or a comment to the end of its line, that begins here. */
function quotedAt(statement: string, at: number): string | undefined {
  const quote = statement[at] as string;
  if (statement.startsWith("--", at)) return /^.*\n?/.exec(statement.slice(at))?.[0];
  if (quote !== "'" && quote !== '"' && quote !== "`") return undefined;
  const end = statement.indexOf(quote, at + 1);
  return end < 0 ? statement.slice(at) : statement.slice(at, end + 1);
}
