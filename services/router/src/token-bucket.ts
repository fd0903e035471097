/** `perSecond` 0 is no limit. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Tells a reader how long to pause, so that a peer over its rate is slowed down and loses nothing. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #at = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#tokens = rate.burst;
  }

  /** Takes one token; ms to wait until there is another one, 0 when there is one already. Its number may fall below 0. */
  take(now: number): number {
    this.#fill(now);
    this.#tokens--;
    return this.#wait();
  }

  /** ms to wait until there is a token. */
  wait(now: number): number {
    this.#fill(now);
    return this.#wait();
  }

  #fill(now: number): void {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) * perSecond) / 1_000);
    this.#at = now;
  }

  #wait(): number {
    const { perSecond } = this.#rate;
    return perSecond === 0 || this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1_000) / perSecond);
  }
}
