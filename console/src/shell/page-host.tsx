/** Shows the page of the address; while its code loads, a skeleton; when it fails, why. */
import { Component, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Panel } from "../components/panel/panel";
import type { PageName } from "../url/address";
import { PAGES } from "./pages";

const loaded = new Map<PageName, ComponentType>();

export function PageHost({ page }: { page: PageName }) {
  const [, setLoaded] = useState<PageName>();
  const [failure, setFailure] = useState<Error>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setFailure(undefined);
    if (loaded.has(page)) return undefined;
    let isShown = true;
    PAGES[page]
      ?.load()
      .then(module => {
        loaded.set(page, module.default);
        if (isShown) setLoaded(page);
      })
      .catch((cause: unknown) => {
        if (isShown) setFailure(cause instanceof Error ? cause : new Error(String(cause)));
      });
    return () => {
      isShown = false;
    };
  }, [page, attempt]);
  const retry = () => setAttempt(count => count + 1);
  if (failure) return <Panel state={{ kind: "error", error: failure, retry }} />;
  const Page = loaded.get(page);
  if (!Page) return PAGES[page] ? <Panel state={{ kind: "loading" }} /> : <NoSuchPage />;
  return (
    <Guard key={page}>
      <Page />
    </Guard>
  );
}

function NoSuchPage() {
  return (
    <Panel
      state={{
        kind: "empty",
        title: "There is no such page",
        detail: "The address may be of another version of the console.",
        action: <a href="#/service-map">Open the trace map</a>,
      }}
    />
  );
}

/** A fault of a page never blanks the console. */
class Guard extends Component<object, { error?: Error }> {
  override state: { error?: Error } = {};

  static override getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    const { error } = this.state;
    const retry = () => this.setState({ error: undefined as never });
    return error ? <Panel state={{ kind: "error", error, retry }} /> : this.props.children;
  }
}
