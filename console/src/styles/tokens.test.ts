/** Contrast of every pair of colours that meet (spec console.md 7.1 and 9), computed from the tokens themselves. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync("src/styles/tokens.css", "utf8");
const THEMES = ["light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const tokens = new Map(
  [...css.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, { light, dark }],
  ),
);

/** WCAG 2.2, relative luminance of `#rrggbb`. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string, theme: Theme): number {
  const [a, b] = [one, other].map(name => {
    const token = tokens.get(name);
    if (!token) throw new Error(`there is no token --${name}`);
    return luminance(token[theme]);
  }) as [number, number];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const BACKGROUNDS = ["page", "panel", "raised", "hover", "selected"];
const TEXTS = ["text", "muted", "accent", "ok", "error", "fault", "throttle", "unknown"];
const GRAPHICS = [
  "control-border",
  "accent",
  "ok",
  "error",
  "fault",
  "throttle",
  "unknown",
  "set-a",
  "set-b",
  ...Array.from({ length: 16 }, (_, hue) => `hue-${hue}`),
];

const below = (least: number, pairs: (readonly [string, string])[]): string[] =>
  THEMES.flatMap(theme =>
    pairs
      .map(([one, other]) => ({ one, other, ratio: contrast(one, other, theme) }))
      .filter(({ ratio }) => ratio < least)
      .map(({ one, other, ratio }) => `${theme}: ${one} on ${other} is ${ratio.toFixed(2)}:1`),
  );

const pairs = (front: string[], back: string[]) =>
  front.flatMap(one => back.map(other => [one, other] as const));

test("known values come out", () => {
  tokens.set("black", { light: "#000000", dark: "#000000" });
  tokens.set("white", { light: "#ffffff", dark: "#ffffff" });
  expect(contrast("black", "white", "light")).toBeCloseTo(21, 5);
  expect(contrast("text", "page", "light")).toBeCloseTo(17.6, 1);
  expect(contrast("fault", "panel", "dark")).toBeCloseTo(6.1, 1);
});

test("text reads on everything it may stand on", () => {
  expect(below(4.5, pairs(TEXTS, BACKGROUNDS))).toEqual([]);
  expect(below(4.5, pairs(["on-accent"], ["accent", "ok", "error", "fault", "throttle"]))).toEqual([]);
});

test("what is drawn, and the borders of controls, stand out", () => {
  expect(below(3, pairs(GRAPHICS, BACKGROUNDS))).toEqual([]);
});

test("no other file has a colour of its own", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
    path => path.endsWith(".css") && !path.endsWith("tokens.css"),
  );
  const colours = files.flatMap(path =>
    [...readFileSync(`src/${path}`, "utf8").matchAll(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(/gi)].map(
      ([found]) => `${path}: ${found}`,
    ),
  );
  expect(files.length).toBeGreaterThan(10);
  expect(colours).toEqual([]);
});
