/** The items of a list with commas or white space between, each once. */
export const listed = (text: string): string[] => [
  ...new Set(text.split(/[\s,]+/).filter((item) => item !== '')),
];

/**
 * Servers that all do the same work, of which a client uses one. The order is random, so that many clients with one list spread
 * over it. A client stays with the server that works, and takes the next one when it fails.
 */
export class ServerList<T> {
  readonly #order: readonly T[];
  #index = 0;
  /** Servers that failed since one worked. */
  #failed = 0;

  /** `dice` returns a random number in 0..1, like `Math.random`. */
  constructor(servers: readonly T[], dice: () => number) {
    const order = [...servers];
    for (let last = order.length - 1; last > 0; last--) {
      const other = Math.floor(dice() * (last + 1));
      [order[last], order[other]] = [order[other] as T, order[last] as T];
    }
    this.#order = order;
  }

  get all(): readonly T[] {
    return this.#order;
  }

  get current(): T {
    return this.#order[this.#index] as T;
  }

  /** The current server works, or did so until now. */
  worked(): void {
    this.#failed = 0;
  }

  /**
   * The current server has failed, or does not want the client: the next one is current. Returns false when all have failed
   * since one worked, or since this last returned false: then the client waits before it goes through the list again.
   */
  next(): boolean {
    this.#index = (this.#index + 1) % this.#order.length;
    this.#failed += 1;
    return this.#failed % this.#order.length !== 0;
  }
}
