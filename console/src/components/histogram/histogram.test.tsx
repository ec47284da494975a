import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import { bucketsOf } from "../../model/scale";
import { Histogram } from "./histogram";

const buckets = bucketsOf([
  { Value: 0.01, Count: 90 },
  { Value: 1, Count: 10 },
]);

test("says what it shows, and shows it as a table on demand", () => {
  render(<Histogram label="Response time" buckets={buckets} marks={[{ label: "p50", at: 0.012 }]} />);
  const name = screen.getByRole("figure").getAttribute("aria-label");
  expect(name).toContain("100 counted");
  expect(name).toContain("p50 12.0 ms");
  fireEvent.click(screen.getByRole("button", { name: "table" }));
  expect(screen.getAllByRole("row")).toHaveLength(3);
  expect(screen.getByText("90 %")).toBeTruthy();
});

test("handles by keyboard give a range in whole milliseconds", () => {
  const onRange = vi.fn();
  render(<Histogram label="Response time" buckets={buckets} scale="linear" onRange={onRange} />);
  const from = screen.getByRole("slider", { name: "Response time from" });
  for (let press = 0; press < 50; press++) fireEvent.keyDown(from, { key: "ArrowRight" });
  expect(screen.getByText(/500 ms – 1.00 s/)).toBeTruthy();
  fireEvent.keyDown(from, { key: "Enter" });
  expect(onRange).toHaveBeenCalledWith([0.5, 1]);
});

test("nothing counted is said", () => {
  render(<Histogram label="Response time" buckets={[]} />);
  expect(screen.getByRole("figure").getAttribute("aria-label")).toBe("Response time: nothing counted");
});
