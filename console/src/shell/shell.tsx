/** What surrounds every page (spec console.md 2). */
import { useEffect, useRef } from "preact/hooks";
import { useAutoRefresh } from "./auto-refresh";
import { GoTo, isGoToOpen } from "./go-to/go-to";
import { Home } from "./home";
import { type KeyBinding, useKeys } from "./keys";
import { isKeysDialogOpen, KeysDialog } from "./keys-dialog";
import { AddressNotes, OfflineLine } from "./lines";
import { address, go } from "./navigation";
import { NavigationList } from "./navigation-list/navigation-list";
import { PageHost } from "./page-host";
import { PAGES } from "./pages";
import { PerfLine } from "./perf-line";
import { isRangePickerOpen } from "./range-picker/range-picker";
import { said, say } from "./say";
import styles from "./shell.module.css";
import { statusSlot } from "./status-slot";
import { moveRange, refresh } from "./time";
import { pageSubject } from "./title";
import { TopBar } from "./top-bar/top-bar";

const does = (run: () => void) => () => {
  run();
  return undefined;
};

const KEYS: readonly KeyBinding[] = [
  { keys: "Control+k", does: "Go to a page, group, service or trace", run: does(() => set(isGoToOpen)) },
  { keys: "?", does: "Show the keys of this page", run: does(() => set(isKeysDialogOpen)) },
  { keys: "r", does: "Refresh", run: does(refresh) },
  { keys: "t", does: "Choose the range of time", run: does(() => set(isRangePickerOpen)) },
  { keys: "[", does: "Previous window", run: does(() => moveRange(-1)) },
  { keys: "]", does: "Next window", run: does(() => moveRange(1)) },
  { keys: ".", does: "Copy the link to exactly this", run: does(() => void copyLink()) },
  { keys: "g m", does: "Trace map", run: does(() => go({ route: { page: "service-map" } })) },
  { keys: "g t", does: "Traces", run: does(() => go({ route: { page: "traces" } })) },
  { keys: "g i", does: "Insights", run: does(() => go({ route: { page: "insights" } })) },
];

const set = (isOpen: { value: boolean }) => {
  isOpen.value = true;
};

async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    say("Link copied");
  } catch {
    say("Not copied: the browser refuses; the address line has the same link");
  }
}

export function Shell() {
  const { page } = address.value.route;
  const name = PAGES[page]?.title ?? "Roentgen";
  const title = pageSubject.value ? `${pageSubject.value} · ${name}` : name;
  const main = useRef<HTMLElement>(null);
  useKeys("Everywhere", KEYS);
  useAutoRefresh();
  useFocusOnNavigation(main);
  useEffect(() => {
    document.title = name === "Roentgen" ? name : `${title} · Roentgen`;
  }, [title]);
  return (
    <div class={styles.shell}>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a part of the page; only the address must not follow */}
      <a
        class={styles.skip}
        href="#main"
        onClick={event => {
          // The address is the state: it may not become `#main`.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <TopBar />
      <nav class={styles.navigation} aria-label="Pages">
        <NavigationList />
      </nav>
      <div class={styles.content}>
        <AddressNotes />
        <OfflineLine />
        <main class={styles.main} id="main" tabIndex={-1} ref={main}>
          <h1 class="visually-hidden">{title}</h1>
          {page === "home" ? <Home /> : <PageHost page={page} />}
        </main>
        {statusSlot.value && <footer class={styles.status}>{statusSlot.value}</footer>}
        <PerfLine />
      </div>
      <p class="visually-hidden" role="status">
        {title}
      </p>
      <p class={said.value ? styles.said : "visually-hidden"} role="status">
        {said.value}
      </p>
      <GoTo />
      <KeysDialog />
    </div>
  );
}

/** Reading goes on at the page that was asked for, not at the link that led there. */
function useFocusOnNavigation(main: { current: HTMLElement | null }): void {
  const { route } = address.value;
  const id = "id" in route ? route.id : "";
  const shown = useRef(`${route.page} ${id}`);
  useEffect(() => {
    const next = `${route.page} ${id}`;
    // The first page, and what stands for it while it is chosen, leave the focus where the browser has it.
    const isFirst = shown.current === next || shown.current.startsWith("home ");
    shown.current = next;
    if (isFirst) return;
    main.current?.focus({ preventScroll: true });
    main.current?.scrollTo?.(0, 0);
  }, [route.page, id]);
}
