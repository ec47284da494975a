import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test } from "vitest";
import { TimeChart } from "./time-chart";

test("says what it shows, and has the same as a table", () => {
  render(
    <TimeChart
      label="Traces"
      times={[0, 60_000]}
      bucketMillis={60_000}
      window={{ start: 0, end: 120_000 }}
      zone="utc"
      formatRight={value => `${value} s`}
      series={[
        { label: "Fault", values: [1, 2], color: "fault", kind: "stack" },
        { label: "p90", values: [0.5, null], color: "text", kind: "line", axis: "right" },
      ]}
    />,
  );
  expect(screen.getByRole("figure").getAttribute("aria-label")).toBe("Traces: Fault 3, p90 at most 0.5 s");
  fireEvent.click(screen.getByRole("button", { name: "table" }));
  expect(screen.getAllByRole("row").map(row => row.textContent)).toEqual([
    "FromFaultp90",
    "1970-01-01 00:00:0010.5 s",
    "1970-01-01 00:01:002–",
  ]);
});
