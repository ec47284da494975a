/** Links of the AWS console, so that one opens here after swapping the host (spec console.md 3). */

/**
 * The hash of ours that shows the same as a CloudWatch-style one (`xray:traces/<id>`), or undefined if
 * `hash` is none. Parts we have nothing for are dropped with a note.
 */
export function translateAws(hash: string, notes: string[]): string | undefined {
  const found = /^xray:(traces|service-map|insights|analytics|groups|sampling)(.*)$/.exec(hash);
  if (!found) return undefined;
  const [, page = "", rest = ""] = found;
  const [path = "", ...parameters] = rest.split("?");
  const query = parameters.length > 0 ? `?${parameters.join("?").replaceAll("~(", "")}` : "";
  const [, second, third] = path.split("/");
  if (page === "traces" && second && second !== "query") return `/traces/${second}${query}`;
  if ((page === "service-map" && (second ?? "map") === "map") || (page === "traces" && second === "query")) {
    return `/${page}${query}`;
  }
  if (second || third) notes.push(`"${path.slice(1)}" of the AWS address has no counterpart here`);
  if (page === "analytics") {
    notes.push("analytics are part of the list of traces here");
    return `/traces${query}`;
  }
  return `/${page}${query}`;
}
