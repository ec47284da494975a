import { fireEvent, render, screen } from "@testing-library/preact";
import { useState } from "preact/hooks";
import { expect, test, vi } from "vitest";
import { spanOf } from "./span";
import { Cell, VirtualList } from "./virtual-list";

const items = Array.from({ length: 100_000 }, (_, at) => `row ${at}`);

function List({ onOpen, onNearEnd }: { onOpen?: (item: string) => void; onNearEnd?: () => void }) {
  const [active, setActive] = useState<number>();
  return (
    <VirtualList
      items={items}
      label="Things"
      keyOf={item => item}
      row={item => <Cell>{item}</Cell>}
      active={active}
      onActive={setActive}
      {...(onOpen ? { onOpen } : {})}
      {...(onNearEnd ? { onNearEnd } : {})}
    />
  );
}

test("only what is in sight is in the document, and the size is told", () => {
  const onNearEnd = vi.fn();
  render(<List onNearEnd={onNearEnd} />);
  const grid = screen.getByRole("grid", { name: "Things" });
  expect(grid.getAttribute("aria-rowcount")).toBe("100000");
  expect(screen.getAllByRole("row").length).toBeLessThan(80);
  expect(onNearEnd).not.toHaveBeenCalled();
});

test("keys move the active row, Enter opens it", () => {
  const onOpen = vi.fn();
  render(<List onOpen={onOpen} />);
  const grid = screen.getByRole("grid");
  fireEvent.keyDown(grid, { key: "ArrowDown" });
  fireEvent.keyDown(grid, { key: "ArrowDown" });
  const active = document.getElementById(grid.getAttribute("aria-activedescendant") ?? "");
  expect(active?.textContent).toBe("row 1");
  fireEvent.keyDown(grid, { key: "Enter" });
  expect(onOpen).toHaveBeenCalledWith("row 1", 1);
});

test("the span covers what is visible, and never leaves the list", () => {
  expect(spanOf(0, 100, 10, 1000, 2)).toEqual([0, 12]);
  expect(spanOf(500, 100, 10, 1000, 2)).toEqual([48, 62]);
  expect(spanOf(1e6, 100, 10, 1000, 2)[1]).toBe(1000);
  expect(spanOf(0, 100, 10, 0, 2)).toEqual([0, 0]);
});
