/** Order of a table's rows. */

export type SortValue = string | number | boolean | undefined;

/** `-count` is the greatest first. */
export const parseSort = (sort: string | undefined): { id: string | undefined; isDescending: boolean } =>
  sort?.startsWith("-") ? { id: sort.slice(1), isDescending: true } : { id: sort, isDescending: false };

/** Rows in order; equal ones as they came, those without a value last in both directions. */
export function sortRows<R>(
  rows: readonly R[],
  columns: readonly { id: string; sortBy?: (row: R) => SortValue }[],
  sort: string | undefined,
): readonly R[] {
  const { id, isDescending } = parseSort(sort);
  const sortBy = columns.find(column => column.id === id)?.sortBy;
  if (!sortBy) return rows;
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [sortBy(a), sortBy(b)];
    if (left === undefined || right === undefined) {
      return Number(left === undefined) - Number(right === undefined);
    }
    return sign * compare(left, right);
  });
}

const compare = (a: string | number | boolean, b: string | number | boolean): number =>
  typeof a === "string" && typeof b === "string"
    ? a.localeCompare(b, "en", { numeric: true })
    : Number(a) - Number(b);
