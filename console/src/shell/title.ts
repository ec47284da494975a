/** The name of what is shown: the window's title, the main heading, and what is announced. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** What the page itself calls what it shows, beyond its own name. */
export const pageSubject = signal<string | undefined>(undefined);

/** Names what the page shows ("GET /orders 502") while it does; undefined leaves the page's own name. */
export function usePageSubject(text: string | undefined): void {
  useEffect(() => {
    pageSubject.value = text;
    return () => {
      pageSubject.value = undefined;
    };
  }, [text]);
}
