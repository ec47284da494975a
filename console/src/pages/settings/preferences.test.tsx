import { fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, expect, test } from "vitest";
import { DEFAULTS, prefer, preferences, remember } from "../../shell/preferences";
import { Preferences } from "./preferences";

afterEach(() => prefer(DEFAULTS));

test("changes hold at once and are kept", () => {
  render(<Preferences />);
  fireEvent.click(screen.getByRole("radio", { name: /Dark/ }));
  fireEvent.click(screen.getByRole("radio", { name: /UTC/ }));
  fireEvent.click(screen.getByRole("switch", { name: /one character/ }));
  expect(preferences.value).toMatchObject({ theme: "dark", timeZone: "utc", letterKeys: false });
  expect(JSON.parse(localStorage.getItem("roentgen.preferences") ?? "{}")).toMatchObject({ theme: "dark" });
});

test("a threshold out of bounds is said and not taken", () => {
  render(<Preferences />);
  const red = screen.getByRole("textbox", { name: /Red: not OK/ });
  fireEvent.input(red, { target: { value: "120" } });
  expect(screen.getByText("A number from 0 to 100")).toBeDefined();
  expect(preferences.value.edges.red).toBe(5);
  fireEvent.input(red, { target: { value: "7,5" } });
  expect(preferences.value.edges.red).toBe(7.5);
});

test("the defaults come back, what pages remember stays", () => {
  remember("columns", ["id"]);
  prefer({ theme: "light", edges: { amber: 9, red: 9, redFaults: 9 } });
  render(<Preferences />);
  fireEvent.click(screen.getByRole("button", { name: "Back to the defaults" }));
  expect(preferences.value).toMatchObject({ theme: "system", edges: { amber: 1, red: 5, redFaults: 1 } });
  expect(preferences.value.pages.columns).toEqual(["id"]);
  expect((screen.getByRole("textbox", { name: /Amber/ }) as HTMLInputElement).value).toBe("1");
});
