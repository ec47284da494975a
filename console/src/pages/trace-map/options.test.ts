import { afterEach, expect, test } from "vitest";
import { DEFAULTS, prefer, preferences } from "../../shell/preferences";
import { changeOptions, mapOptions } from "./options";

afterEach(() => prefer(DEFAULTS));

test("thresholds are the preferences' own, percent there and shares here", () => {
  expect(mapOptions().thresholds).toEqual({ warn: 0.01, bad: 0.05, fault: 0.01 });
  prefer({ edges: { amber: 2.5, red: 50, redFaults: 0 } });
  expect(mapOptions().thresholds).toEqual({ warn: 0.025, bad: 0.5, fault: 0 });
  changeOptions({ thresholds: { warn: 0.07, bad: 0.29, fault: 0.001 } });
  expect(preferences.value.edges).toEqual({ amber: 7, red: 29, redFaults: 0.1 });
});

test("one option changes, the others stay", () => {
  changeOptions({ sizeBy: "health" });
  changeOptions({ hide: "client" });
  expect(mapOptions()).toMatchObject({ sizeBy: "health", hide: "client", nodeText: "icon" });
});
