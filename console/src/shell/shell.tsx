/** What surrounds every page (spec console.md 2). */
import { useEffect } from "preact/hooks";
import { address, hrefOf } from "./navigation";
import { PageHost } from "./page-host";
import { PAGES } from "./pages";
import styles from "./shell.module.css";

const PLACES = [
  { page: "service-map", label: "Trace map" },
  { page: "traces", label: "Traces" },
  { page: "insights", label: "Insights" },
  { page: "groups", label: "Groups" },
  { page: "sampling", label: "Sampling" },
  { page: "daemons", label: "Daemons" },
] as const;

export function Shell() {
  const { route } = address.value;
  const page = route.page === "home" ? "service-map" : route.page;
  const title = PAGES[page]?.title ?? "Roentgen";
  useEffect(() => {
    document.title = `${title} · Roentgen`;
  }, [title]);
  return (
    <div class={styles.shell}>
      <a class={styles.skip} href="#main">
        Skip to the page
      </a>
      <header class={styles.top}>
        <a class={styles.product} href="#/">
          Roentgen
        </a>
      </header>
      <nav class={styles.navigation} aria-label="Pages">
        {PLACES.map(place => (
          <a
            key={place.page}
            href={hrefOf({ route: { page: place.page } })}
            aria-current={place.page === page ? "page" : undefined}
          >
            {place.label}
          </a>
        ))}
        <a href={hrefOf({ route: { page: "settings", section: "encryption" } })}>Settings</a>
      </nav>
      <main class={styles.main} id="main" tabIndex={-1}>
        <h1 class="visually-hidden">{title}</h1>
        <PageHost page={page} />
      </main>
    </div>
  );
}
