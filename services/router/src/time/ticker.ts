/** While a conversation runs: turns are granted and lapse in time. */
const busyMs = 100;
/** While none runs: no work of a tick is urgent, and an idle process should wake up rarely. */
const idleMs = 1_000;

interface TickerParts {
  readonly tick: () => void;
  /** Whether no conversation runs. */
  readonly isIdle: () => boolean;
  /** Calls `act` once after `ms`, unless the returned function is called before. */
  readonly later: (act: () => void, ms: number) => () => void;
}

/** Calls `tick` again and again, and less often while the router is idle. `wake` must be called for every commit. */
export class Ticker {
  readonly #parts: TickerParts;
  #isIdle = false;
  #cancel: () => void = () => {};

  constructor(parts: TickerParts) {
    this.#parts = parts;
    this.#wait();
  }

  /** A conversation may have begun to run. */
  wake(): void {
    if (!this.#isIdle) return;
    this.#cancel();
    this.#wait();
  }

  stop(): void {
    this.#cancel();
    this.#isIdle = false;
  }

  #wait(): void {
    this.#isIdle = this.#parts.isIdle();
    this.#cancel = this.#parts.later(() => this.#run(), this.#isIdle ? idleMs : busyMs);
  }

  #run(): void {
    // Schedules the next tick first, so that an error in this one does not stop all ticks.
    this.#wait();
    this.#parts.tick();
  }
}
