/** `/api/v1/facets` (docs/console-api.md): keys and values for completion, of the newest traces in the range. */
import { array, boolean, number, type Read, shape, string, withDefault } from "./check";
import { type CallOptions, post } from "./client";

const answer = shape({
  keys: withDefault(array(shape({ key: string, count: number })), []),
  values: withDefault(array(shape({ value: string, filter: string, count: number })), []),
  scanned: withDefault(number, 0),
  complete: withDefault(boolean, true),
});

export type Facets = Read<typeof answer>;

export interface FacetsRequest {
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  group?: string | undefined;
  /** Without it: the keys. */
  key?: string;
  prefix?: string;
  limit?: number;
}

export const getFacets = (request: FacetsRequest, options: CallOptions = {}): Promise<Facets> => {
  const { start, end, ...rest } = request;
  const body = {
    startUnixNanos: `${Math.round(start)}000000`,
    endUnixNanos: `${Math.round(end)}000000`,
    ...rest,
  };
  return post("api/v1/facets", body, answer, options);
};
