import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import { listenForKeys } from "../../shell/keys";
import { type Column, DataTable } from "./data-table";
import { sortRows } from "./sort";

interface Row {
  name: string;
  count: number | undefined;
}

const rows: Row[] = [
  { name: "b", count: 2 },
  { name: "a", count: undefined },
  { name: "c10", count: 30 },
  { name: "c9", count: 1 },
];
const columns: Column<Row>[] = [
  { id: "name", title: "Name", sortBy: row => row.name, cell: row => row.name },
  { id: "count", title: "Count", align: "right", sortBy: row => row.count, cell: row => row.count ?? "–" },
];
const names = () => screen.getAllByRole("link").map(link => link.textContent);

test("rows are sorted by what the address says; without a value they are last", () => {
  expect(sortRows(rows, columns, "name").map(row => row.name)).toEqual(["a", "b", "c9", "c10"]);
  expect(sortRows(rows, columns, "-count").map(row => row.count)).toEqual([30, 2, 1, undefined]);
  expect(sortRows(rows, columns, "count").map(row => row.count)).toEqual([1, 2, 30, undefined]);
  expect(sortRows(rows, columns, "nothing")).toBe(rows);
});

test("a head sorts, numbers the greatest first, and says so", () => {
  const onSort = vi.fn();
  const shared = { label: "Things", rows, columns, keyOf: (row: Row) => row.name, onSort };
  const { rerender } = render(<DataTable {...shared} />);
  fireEvent.click(screen.getByRole("button", { name: "Count" }));
  expect(onSort).toHaveBeenLastCalledWith("-count");
  rerender(<DataTable {...shared} sort="-count" />);
  expect(screen.getByRole("columnheader", { name: /Count/ }).getAttribute("aria-sort")).toBe("descending");
  fireEvent.click(screen.getByRole("button", { name: /Count/ }));
  expect(onSort).toHaveBeenLastCalledWith("count");
});

test("keys move between the rows, a click anywhere in one opens it", () => {
  listenForKeys(document);
  render(
    <DataTable
      label="Things"
      rows={rows}
      columns={columns}
      keyOf={row => row.name}
      hrefOf={row => `#/groups/${row.name}`}
      selected="a"
    />,
  );
  expect(names()).toEqual(["b", "a", "c10", "c9"]);
  expect(screen.getByRole("link", { current: true }).textContent).toBe("a");
  fireEvent.keyDown(document.body, { key: "j" });
  expect(document.activeElement?.textContent).toBe("c10");
  fireEvent.keyDown(document.activeElement ?? document.body, { key: "ArrowUp" });
  expect(document.activeElement?.textContent).toBe("a");
  fireEvent.click(screen.getByText("30"));
  expect(location.hash).toBe("#/groups/c10");
});
