/** Services keep their hue: it follows from the name alone (tokens `--hue-0` … `--hue-15`). */
export const HUES = 16;

/** As a colour for styles. */
export const hueColour = (service: string): string => `var(--hue-${hueOf(service)})`;

export function hueOf(service: string): number {
  // FNV-1a, its high bits folded in: short names that differ in one letter fall far apart.
  let hash = 0x811c9dc5;
  for (let at = 0; at < service.length; at += 1) {
    hash ^= service.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return ((hash >>> 16) ^ (hash >>> 8) ^ hash) & (HUES - 1);
}
