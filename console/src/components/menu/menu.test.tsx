import { act, fireEvent, render, screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import { Menu, type MenuItem } from "./menu";

function show(items: MenuItem[]) {
  render(<Menu label="Columns" button="Columns" items={items} />);
  const button = screen.getByRole("button", { name: "Columns" });
  press(button);
  return button;
}

const focused = () => document.activeElement?.textContent;
const key = (key: string) => fireEvent.keyDown(document.activeElement as Element, { key });
const press = (button: HTMLElement) =>
  act(() => {
    fireEvent.click(button);
  });

test("opens on the choice that holds; arrows, ends and letters move", () => {
  show([
    { id: "h", heading: "Show" },
    { id: "a", label: "Age", isChecked: false },
    { id: "m", label: "Method", isChecked: true },
    { id: "r", isRule: true },
    { id: "u", label: "URL", isChecked: false },
  ]);
  expect(focused()).toBe("Method");
  key("ArrowDown");
  expect(focused()).toBe("URL");
  key("ArrowDown");
  expect(focused()).toBe("Age");
  key("End");
  expect(focused()).toBe("URL");
  key("Home");
  expect(focused()).toBe("Age");
  key("m");
  expect(focused()).toBe("Method");
  expect(screen.getByRole("menuitemradio", { name: "Method" }).getAttribute("aria-checked")).toBe("true");
});

test("choosing closes and gives the focus back; what is off does neither", () => {
  const [chosen, off] = [vi.fn(), vi.fn()];
  const button = show([
    { id: "a", label: "Not now", isDisabled: true, onSelect: off },
    { id: "b", label: "Delete", look: "danger", onSelect: chosen },
  ]);
  fireEvent.click(screen.getByRole("menuitem", { name: "Not now" }));
  expect(off).not.toHaveBeenCalled();
  expect(button.getAttribute("aria-expanded")).toBe("true");
  fireEvent.click(screen.getByRole("menuitem", { name: "Delete" }));
  expect(chosen).toHaveBeenCalledOnce();
  expect(screen.queryByRole("menu")).toBeNull();
  expect(document.activeElement).toBe(button);
});

test("Esc closes it alone; a press elsewhere closes it too", () => {
  const behind = vi.fn();
  document.addEventListener("keydown", behind);
  const button = show([{ id: "a", label: "One" }]);
  key("Escape");
  expect(screen.queryByRole("menu")).toBeNull();
  expect(behind).not.toHaveBeenCalled();
  expect(document.activeElement).toBe(button);
  press(button);
  expect(screen.getByRole("menu")).toBeDefined();
  act(() => {
    document.body.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  });
  expect(screen.queryByRole("menu")).toBeNull();
  document.removeEventListener("keydown", behind);
});
