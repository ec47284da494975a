import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import { Brush } from "./brush";

const textOf = (position: number) => `${Math.round(position * 100)} %`;

test("handles move by keys, Shift moves the other one, Enter applies", () => {
  const onApply = vi.fn();
  render(<Brush label="Share" range={undefined} textOf={textOf} onApply={onApply} step={0.1} />);
  const from = screen.getByRole("slider", { name: "Share from" });
  fireEvent.keyDown(from, { key: "ArrowRight" });
  fireEvent.keyDown(from, { key: "ArrowRight" });
  fireEvent.keyDown(from, { key: "ArrowLeft", shiftKey: true });
  expect(from.getAttribute("aria-valuetext")).toBe("20 %");
  expect(screen.getByRole("slider", { name: "Share to" }).getAttribute("aria-valuetext")).toBe("90 %");
  expect(onApply).not.toHaveBeenCalled();
  fireEvent.keyDown(from, { key: "Enter" });
  expect(onApply.mock.calls[0]?.[0][0]).toBeCloseTo(0.2);
  expect(onApply.mock.calls[0]?.[0][1]).toBeCloseTo(0.9);
});

test("handles never pass each other; Escape gives up, then takes the range away", () => {
  const onApply = vi.fn();
  render(<Brush label="Share" range={[0.4, 0.6]} textOf={textOf} onApply={onApply} step={0.1} />);
  const from = screen.getByRole("slider", { name: "Share from" });
  fireEvent.keyDown(from, { key: "End" });
  expect(from.getAttribute("aria-valuetext")).toBe("60 %");
  fireEvent.keyDown(from, { key: "Escape" });
  expect(from.getAttribute("aria-valuetext")).toBe("40 %");
  expect(onApply).not.toHaveBeenCalled();
  fireEvent.keyDown(from, { key: "Escape" });
  expect(onApply).toHaveBeenCalledWith(undefined);
});
