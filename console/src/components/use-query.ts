import { useEffect, useRef, useState } from "preact/hooks";
import { type Loadable, listen, type Query } from "../api/query";

const idle: Loadable<never> = { value: undefined, error: undefined, isLoading: false, at: undefined };

export interface QueryResult<T> extends Loadable<T> {
  refresh(): void;
}

/**
 * The answer under `key`, loaded when it is missing or stale; `undefined` as key asks nothing.
 * While another key loads, the value of the one before stays (`keep`, the default), so that nothing flickers.
 */
export function useQuery<T>(
  key: string | undefined,
  fetcher: (signal: AbortSignal) => Promise<T>,
  options: { freshMillis?: number; keep?: boolean } = {},
): QueryResult<T> {
  const [state, setState] = useState<Loadable<T>>(idle);
  const query = useRef<Query<T> | undefined>(undefined);
  const { freshMillis, keep = true } = options;
  useEffect(() => {
    if (key === undefined) {
      setState(idle);
      return undefined;
    }
    const current = listen(key, fetcher, freshMillis);
    query.current = current;
    const stop = current.state.subscribe(next => {
      setState(before => (keep && next.value === undefined ? { ...next, value: before.value } : next));
    });
    return () => {
      stop();
      current.release();
      query.current = undefined;
    };
  }, [key]);
  return { ...state, refresh: () => query.current?.refresh() };
}
