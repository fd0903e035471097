/**
 * Goes over a collection a little at a time, so that no step takes long however large the collection is: each step takes up
 * where the one before it stopped, and is over at the latest when it has met all of it. What is added meanwhile is met, too.
 */
export class Walk<T> {
  #rest: Iterator<T> | undefined;

  /** `visit` says what it cost, `budget` how much one step may cost. True when the last of the collection has been met. */
  step(all: () => Iterable<T>, budget: number, visit: (one: T) => number): boolean {
    this.#rest ??= all()[Symbol.iterator]();
    for (let left = budget; left > 0; ) {
      const next = this.#rest.next();
      if (next.done) {
        this.#rest = undefined;
        return true;
      }
      left -= visit(next.value);
    }
    return false;
  }
}
