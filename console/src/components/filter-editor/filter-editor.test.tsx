import { fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import { FilterEditor } from "./filter-editor";

const scope = { start: 0, end: 1000 };

function show(value = "", more: Partial<Parameters<typeof FilterEditor>[0]> = {}) {
  const onRun = vi.fn();
  const view = render(<FilterEditor value={value} onRun={onRun} scope={scope} {...more} />);
  const field = screen.getByRole("textbox", { name: "Filter" }) as HTMLTextAreaElement;
  const type = (text: string) => {
    field.value = text;
    field.setSelectionRange(text.length, text.length);
    fireEvent.input(field);
  };
  return { onRun, field, type, view };
}

afterEach(() => vi.unstubAllGlobals());

test("Enter runs an expression", () => {
  const { onRun, field, type } = show();
  type("fault ");
  fireEvent.keyDown(field, { key: "Enter" });
  expect(onRun).toHaveBeenCalledWith("fault");
});

test("what is no expression is not run: it is said where, and what may be meant", () => {
  const { onRun, field, type } = show();
  type("ok AND falt");
  fireEvent.keyDown(field, { key: "Enter" });
  expect(onRun).not.toHaveBeenCalled();
  expect(screen.getByRole("alert").textContent).toContain("unknown keyword falt, did you mean fault?");
  fireEvent.click(screen.getByRole("button", { name: "Use fault" }));
  expect(field.value).toBe("ok AND fault");
  fireEvent.keyDown(field, { key: "Enter" });
  expect(onRun).toHaveBeenCalledWith("ok AND fault");
});

test("the server's error stands under the text it is of", () => {
  const { field } = show('group.name = "x"', { error: { message: "unknown group `x`", from: 13, to: 16 } });
  expect(screen.getByRole("alert").textContent).toContain("unknown group x");
  expect(field.getAttribute("aria-invalid")).toBe("true");
});

test("suggestions by keyboard", () => {
  const { field, type } = show();
  type("respo");
  const list = screen.getByRole("listbox", { name: "Suggestions" });
  expect(list.textContent).toContain("responsetime");
  fireEvent.keyDown(field, { key: "Tab" });
  expect(field.value).toBe("responsetime ");
  fireEvent.keyDown(field, { key: "ArrowDown" });
  const active = document.getElementById(field.getAttribute("aria-activedescendant") ?? "");
  expect(active?.textContent).toBe(">");
  fireEvent.keyDown(field, { key: "Enter" });
  expect(field.value).toBe("responsetime > ");
  fireEvent.keyDown(field, { key: "Escape" });
  expect(screen.queryByRole("listbox")).toBeNull();
});

test("values with their counts come from the server", async () => {
  const answer = { values: [{ value: "POST", filter: 'http.method = "POST"', count: 1204 }] };
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => new Response(JSON.stringify(answer), { status: 200 })),
  );
  const { field, type } = show();
  type("http.method = ");
  await waitFor(() => screen.getByRole("option", { name: /POST 1,204/ }));
  fireEvent.click(screen.getByRole("option"));
  expect(field.value).toBe('http.method = "POST" ');
});

test("clauses are chips that can be taken away", () => {
  const { onRun } = show('fault AND (error OR ok) AND user = "a"');
  fireEvent.click(screen.getByRole("button", { name: "Remove (error OR ok)" }));
  expect(onRun).toHaveBeenCalledWith('fault AND user = "a"');
});

test("arrow up brings back what was run before", () => {
  const { field, type } = show();
  type("throttle");
  fireEvent.keyDown(field, { key: "Enter" });
  type("");
  fireEvent.keyDown(field, { key: "Escape" });
  fireEvent.keyDown(field, { key: "ArrowUp" });
  expect(field.value).toBe("throttle");
});

test("plain words are offered as readings", () => {
  const { onRun, field, type } = show();
  type("checkout page");
  fireEvent.keyDown(field, { key: "Enter" });
  fireEvent.click(screen.getByRole("button", { name: "URL contains checkout page" }));
  expect(onRun).toHaveBeenCalledWith('http.url CONTAINS "checkout page"');
});
