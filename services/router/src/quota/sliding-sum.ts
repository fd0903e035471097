interface Amount {
  readonly at: number;
  readonly amount: number;
}

/** The sum of the amounts of the last `windowMs`. Both operations take amortised constant time. */
export class SlidingSum {
  readonly #windowMs: number;
  #amounts: Amount[] = [];
  /** Index of the first amount in the window. */
  #first = 0;
  #sum = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  #clear(): void {
    this.#amounts = [];
    this.#first = 0;
    this.#sum = 0;
  }

  /** `at` must not be earlier than that of the call before. */
  add(at: number, amount: number): void {
    this.#amounts.push({ at, amount });
    this.#sum += amount;
  }

  /** The sum over the window that ends at `now`. An amount exactly as old as the window still counts. */
  at(now: number): number {
    const oldest = now - this.#windowMs;
    // An amount more than one window ahead: the clock of the caller was set back.
    if ((this.#amounts.at(-1)?.at ?? now) > now + this.#windowMs) this.#clear();
    for (;;) {
      const first = this.#amounts[this.#first];
      if (!first || first.at >= oldest) break;
      this.#sum -= first.amount;
      this.#first++;
    }
    if (this.#first > 1_000 && this.#first * 2 > this.#amounts.length) {
      this.#amounts = this.#amounts.slice(this.#first);
      this.#first = 0;
    }
    return this.#sum;
  }
}
