import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import { Confirm } from "./confirm";

const deletes = (onConfirm: () => Promise<void>, onClose: () => void, typed?: string) =>
  render(
    <Confirm
      title="Delete group orders?"
      action="Delete"
      onConfirm={onConfirm}
      onClose={onClose}
      {...(typed ? { typed } : {})}
    >
      Its traces stay.
    </Confirm>,
  );

test("nothing happens before it is confirmed; Cancel has the focus", () => {
  const [confirm, close] = [vi.fn(async () => undefined), vi.fn()];
  deletes(confirm, close);
  expect(screen.getByRole("alertdialog", { name: "Delete group orders?" })).toBeDefined();
  const cancel = screen.getByRole("button", { name: "Cancel" });
  expect(document.activeElement).toBe(cancel);
  fireEvent.click(cancel);
  expect(close).toHaveBeenCalledOnce();
  expect(confirm).not.toHaveBeenCalled();
});

test("what cannot be undone has to be typed", async () => {
  const [confirm, close] = [vi.fn(async () => undefined), vi.fn()];
  deletes(confirm, close, "orders");
  const button = screen.getByRole("button", { name: "Delete" }) as HTMLButtonElement;
  expect(button.disabled).toBe(true);
  fireEvent.input(screen.getByRole("textbox"), { target: { value: "order" } });
  expect(button.disabled).toBe(true);
  fireEvent.input(screen.getByRole("textbox"), { target: { value: " orders " } });
  expect(button.disabled).toBe(false);
  fireEvent.click(button);
  await vi.waitFor(() => expect(close).toHaveBeenCalledOnce());
});

test("a refusal is said and the dialog stays; Esc closes it and goes no further", async () => {
  const close = vi.fn();
  const behind = vi.fn();
  document.addEventListener("keydown", behind);
  deletes(async () => Promise.reject(new Error("in use\u202e")), close);
  fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect((await screen.findByRole("alert")).textContent).toBe("in use⟨U+202E⟩");
  expect(close).not.toHaveBeenCalled();
  fireEvent.keyDown(screen.getByRole("button", { name: "Cancel" }), { key: "Escape" });
  expect(close).toHaveBeenCalledOnce();
  expect(behind).not.toHaveBeenCalled();
  document.removeEventListener("keydown", behind);
});
