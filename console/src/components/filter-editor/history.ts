/** The expressions that were run in this browser, newest first. */
import * as preferences from "../../shell/preferences";

const NAME = "filter.history";
const KEPT_MAX = 50;

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(text => typeof text === "string");

export const historyOf = (): readonly string[] => preferences.remembered(NAME, isTexts) ?? [];

export function remember(text: string): void {
  if (text === "" || historyOf()[0] === text) return;
  preferences.remember(NAME, [text, ...historyOf().filter(other => other !== text)].slice(0, KEPT_MAX));
}
