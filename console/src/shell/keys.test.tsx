import { act, fireEvent, render } from "@testing-library/preact";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { type KeyBinding, listenForKeys, scopes, useKeys } from "./keys";
import { DEFAULTS, prefer } from "./preferences";

beforeAll(() => listenForKeys(document));
afterEach(() => prefer(DEFAULTS));

function Bound({ title, bindings }: { title: string; bindings: KeyBinding[] }) {
  useKeys(title, bindings);
  return null;
}

const bind = (keys: string, run: KeyBinding["run"] = () => undefined): KeyBinding => ({
  keys,
  does: keys,
  run,
});

test("characters, modifiers and alternatives", () => {
  const [close, go, plus, shift] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
  render(
    <Bound
      title="Page"
      bindings={[
        bind("j / ArrowDown", close),
        bind("Control+k", go),
        bind("?", plus),
        bind("Shift+ArrowRight", shift),
      ]}
    />,
  );
  fireEvent.keyDown(document.body, { key: "j" });
  fireEvent.keyDown(document.body, { key: "ArrowDown" });
  expect(close).toHaveBeenCalledTimes(2);
  fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
  fireEvent.keyDown(document.body, { key: "k", metaKey: true });
  fireEvent.keyDown(document.body, { key: "k" });
  expect(go).toHaveBeenCalledTimes(2);
  fireEvent.keyDown(document.body, { key: "?", shiftKey: true });
  expect(plus).toHaveBeenCalledOnce();
  fireEvent.keyDown(document.body, { key: "ArrowRight" });
  fireEvent.keyDown(document.body, { key: "ArrowRight", shiftKey: true });
  expect(shift).toHaveBeenCalledOnce();
});

test("other modifiers are other keys; AltGr only makes characters", () => {
  const [refresh, previous] = [vi.fn(), vi.fn()];
  render(<Bound title="Page" bindings={[bind("r", refresh), bind("[", previous)]} />);
  fireEvent.keyDown(document.body, { key: "r", ctrlKey: true });
  fireEvent.keyDown(document.body, { key: "r", altKey: true });
  expect(refresh).not.toHaveBeenCalled();
  const typed = new KeyboardEvent("keydown", { key: "[", ctrlKey: true, altKey: true, bubbles: true });
  Object.defineProperty(typed, "getModifierState", { value: (name: string) => name === "AltGraph" });
  document.body.dispatchEvent(typed);
  expect(previous).toHaveBeenCalledOnce();
});

test("two after another, in time", () => {
  const [traces, time] = [vi.fn(), vi.fn()];
  render(<Bound title="Page" bindings={[bind("g t", traces), bind("t", time)]} />);
  const press = (key: string, at: number) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true });
    Object.defineProperty(event, "timeStamp", { value: at });
    document.body.dispatchEvent(event);
  };
  press("g", 0);
  press("t", 400);
  expect([traces.mock.calls.length, time.mock.calls.length]).toEqual([1, 0]);
  press("g", 1_000);
  press("t", 2_500);
  expect([traces.mock.calls.length, time.mock.calls.length]).toEqual([1, 1]);
});

test("no characters in text fields, nor when they are switched off; nothing behind a dialog", () => {
  const [slash, close] = [vi.fn(), vi.fn()];
  const { getByRole, container } = render(
    <>
      <Bound title="Page" bindings={[bind("/", slash), bind("Escape", close)]} />
      <input type="text" />
      <dialog open>
        <button type="button">in it</button>
      </dialog>
    </>,
  );
  fireEvent.keyDown(getByRole("textbox"), { key: "/" });
  fireEvent.keyDown(getByRole("button"), { key: "/" });
  expect(slash).not.toHaveBeenCalled();
  fireEvent.keyDown(getByRole("button"), { key: "Escape" });
  expect(close).not.toHaveBeenCalled();
  fireEvent.keyDown(getByRole("textbox"), { key: "Escape" });
  expect(close).toHaveBeenCalledOnce();
  prefer({ letterKeys: false });
  fireEvent.keyDown(container, { key: "/" });
  expect(slash).not.toHaveBeenCalled();
  prefer({ letterKeys: true });
  fireEvent.keyDown(container, { key: "/" });
  expect(slash).toHaveBeenCalledOnce();
});

test("the innermost binding that applies wins, however often an outer part is drawn again", () => {
  const [outer, inner, passing] = [vi.fn(), vi.fn(), vi.fn(() => false)];
  function Page({ title, isOpen }: { title: string; isOpen: boolean }) {
    useKeys(title, [bind("Escape", outer), bind("x", outer)]);
    return isOpen ? <Bound title="Panel" bindings={[bind("Escape", inner), bind("x", passing)]} /> : null;
  }
  const { rerender, unmount } = render(<Page title="Page" isOpen />);
  rerender(<Page title="Page" isOpen />);
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect([outer.mock.calls.length, inner.mock.calls.length]).toEqual([0, 1]);
  fireEvent.keyDown(document.body, { key: "x" });
  expect([outer.mock.calls.length, passing.mock.calls.length]).toEqual([1, 1]);
  expect(scopes.value.map(scope => scope.title)).toEqual(["Page", "Panel"]);
  rerender(<Page title="Page" isOpen={false} />);
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(outer).toHaveBeenCalledTimes(2);
  act(() => {
    unmount();
  });
  expect(scopes.value).toEqual([]);
});
