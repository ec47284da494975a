/** A document of `BatchGetTraces`; one that is no JSON is left out, its neighbours are not. */
export function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
