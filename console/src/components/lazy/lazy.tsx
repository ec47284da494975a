/** Components whose code is loaded when they are first shown, so that a page's first picture needs less. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Failure, Skeleton } from "../panel/panel";

/** A component that loads the real one; `prefetch` loads it before it is needed. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>) {
  let loaded: ComponentType<P> | undefined;
  let loading: Promise<ComponentType<P>> | undefined;
  const start = () => {
    loading ??= load().then(
      found => {
        loaded = found;
        return found;
      },
      cause => {
        // So that the next attempt asks again.
        loading = undefined;
        throw cause;
      },
    );
    return loading;
  };
  function Lazy(props: P) {
    const [, setLoaded] = useState(loaded !== undefined);
    const [failure, setFailure] = useState<Error>();
    useEffect(() => {
      if (loaded || failure) return undefined;
      let isShown = true;
      start().then(
        () => isShown && setLoaded(true),
        cause => isShown && setFailure(cause instanceof Error ? cause : new Error(String(cause))),
      );
      return () => {
        isShown = false;
      };
    }, [failure]);
    if (failure) return <Failure error={failure} retry={() => setFailure(undefined)} />;
    const Found = loaded;
    return Found ? <Found {...props} /> : <Skeleton lines={3} />;
  }
  return Object.assign(Lazy, { prefetch: () => void start().catch(() => undefined) });
}
