import { fireEvent, render, screen } from "@testing-library/preact";
import { beforeEach, expect, test, vi } from "vitest";
import { listenForKeys } from "../../shell/keys";
import { prefer, preferences } from "../../shell/preferences";
import { clampWidth, SidePanel } from "./side-panel";

beforeEach(() => prefer({ panelWidth: 460 }));

test("the panel closes by its button and by Escape", () => {
  const close = vi.fn();
  listenForKeys(document);
  render(
    <SidePanel label="Segment" title="api" onClose={close}>
      text
    </SidePanel>,
  );
  expect(screen.getByRole("region", { name: "Segment" }).textContent).toContain("text");
  fireEvent.click(screen.getByRole("button", { name: "Close the panel" }));
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(close).toHaveBeenCalledTimes(2);
});

test("the arrow keys move the edge, and the width is remembered", () => {
  render(<SidePanel label="Segment" title="api" onClose={() => undefined} />);
  const edge = screen.getByRole("separator", { name: "Width of the panel" });
  fireEvent.keyDown(edge, { key: "ArrowLeft" });
  expect(preferences.value.panelWidth).toBe(484);
  expect(screen.getByRole("separator").getAttribute("aria-valuenow")).toBe("484");
  fireEvent.keyDown(edge, { key: "ArrowRight" });
  expect(preferences.value.panelWidth).toBe(460);
});

test("the width leaves room for the page, and for the panel", () => {
  expect(clampWidth(10, 1200)).toBe(320);
  expect(clampWidth(5000, 1200)).toBe(840);
  expect(clampWidth(500, 1200)).toBe(500);
});
