/** Each text once; 0 is none. */
export class StringTable {
  readonly strings: string[] = [""];
  private readonly known = new Map<string, number>([["", 0]]);

  add(text: string): number {
    const found = this.known.get(text);
    if (found !== undefined) return found;
    this.known.set(text, this.strings.length);
    this.strings.push(text);
    return this.strings.length - 1;
  }
}
