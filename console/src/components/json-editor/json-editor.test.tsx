import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import { JsonEditor } from "./json-editor";
import { parseJson } from "./parse";

test("what is not JSON is told with its place", () => {
  const parsed = parseJson('{\n  "a": 1,\n  b: 2\n}');
  expect(parsed).toMatchObject({ isValid: false });
  expect(parsed).toHaveProperty("problem", expect.stringMatching(/line 3, column 3/));
  expect(parseJson("  ")).toMatchObject({ isValid: false });
  expect(parseJson('{"a":1}')).toEqual({ isValid: true, value: { a: 1 } });
});

test("the text is what the caller holds; problems are tied to the field", () => {
  const onText = vi.fn();
  const shared = { label: "Document", onText };
  const { rerender } = render(
    <JsonEditor {...shared} text='{"a":1}' problems={["a: too small", "b: missing"]} />,
  );
  const field = screen.getByRole("textbox", { name: "Document" });
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent).toBe(
    "a: too small",
  );
  expect(screen.getByText("b: missing")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Format" }));
  expect(onText).toHaveBeenLastCalledWith('{\n  "a": 1\n}', { isValid: true, value: { a: 1 } });
  rerender(<JsonEditor {...shared} text="{" />);
  expect(screen.getByRole("button", { name: "Format" })).toHaveProperty("disabled", true);
  expect(screen.getByText(/not JSON/)).toBeTruthy();
});
