/**
 * Visits a collection of any size in steps of bounded cost. Each step continues where the step before it
 * stopped, and ends at the latest when all elements have been visited. Elements that are added meanwhile are visited, too.
 */
export class Walk<T> {
  #rest: Iterator<T> | undefined;

  /** `visit` returns its cost, `budget` bounds the cost of one step. Returns true when the last element has been visited. */
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
