/** Operations that answer in pages. */
import type { Reader } from "./check";
import { type CallOptions, post } from "./client";

/** Pages read of one answer, at most: a server that always names a next one does not keep the console busy. */
const PAGES_MAX = 1_000;

/** Reads page after page; `take` is given each. */
export async function eachPage<T extends { NextToken: string | undefined }>(
  path: string,
  request: object,
  reader: Reader<T>,
  take: (page: T) => void,
  options: CallOptions = {},
): Promise<void> {
  let next: string | undefined;
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const page: T = await post(path, next ? { ...request, NextToken: next } : request, reader, options);
    take(page);
    next = page.NextToken;
    if (next === undefined) return;
  }
}
