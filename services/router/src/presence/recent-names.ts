/** A bounded set of names. When it is full, the name that was added least recently is evicted. */
export class RecentNames {
  readonly #names = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** A name that is added again counts as new. */
  add(name: string): void {
    this.#names.delete(name);
    this.#names.add(name);
    if (this.#names.size > this.#most) this.#names.delete(this.#names.keys().next().value as string);
  }

  delete(name: string): void {
    this.#names.delete(name);
  }
}
