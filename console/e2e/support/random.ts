/** A seeded source of numbers (SplitMix32): the same seed gives the same fixtures. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number of 32 bits. */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** From 0 to below 1. */
  share(): number {
    return this.bits() / 2 ** 32;
  }

  /** From 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.share() * end);
  }

  chance(probability: number): boolean {
    return this.share() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** So many hexadecimal digits; `digits` is a multiple of eight. */
  hex(digits: number): string {
    return Array.from({ length: digits / 8 }, () => this.bits().toString(16).padStart(8, "0")).join("");
  }

  /** Milliseconds with a long tail: mostly near `typical`, now and then several times that. */
  latency(typical: number): number {
    return typical * Math.exp(2.2 * this.share() ** 4 - 0.4);
  }
}
