import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import { ProgressLine, progressText } from "./progress-line";

const progress = { matched: 1204, scanned: 3_100_000, share: 0.4299, elapsedMillis: 1800 };

test("the wording of the specification", () => {
  expect(progressText(progress)).toBe("1,204 matched · 3.1 M scanned · 42 % of range · 1.8 s");
  const onStop = vi.fn();
  render(<ProgressLine progress={progress} onStop={onStop} />);
  fireEvent.click(screen.getByRole("button", { name: "Stop" }));
  expect(onStop).toHaveBeenCalled();
});
