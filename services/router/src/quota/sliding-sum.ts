interface Amount {
  readonly at: number;
  readonly amount: number;
}

/** What has been added up in the last `windowMs`. Both calls take constant time, spread over many. */
export class SlidingSum {
  readonly #windowMs: number;
  #amounts: Amount[] = [];
  /** Those before it are forgotten. */
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

  /** The sum over the window that ends with `now`. What is exactly as old as the window still counts. */
  at(now: number): number {
    const oldest = now - this.#windowMs;
    // What lies more than a window ahead was not added in the last one: the caller's clock has been set back.
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
