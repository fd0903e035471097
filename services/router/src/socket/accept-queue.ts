/** Newcomers let in per turn of the event loop: some thousands a second. */
const perTurn = 2;

/**
 * Lets newcomers in by turns. Each brings up to 64 KiB to be read at once, which takes about a millisecond, so that
 * fifty who come together would hold up everybody who is in.
 */
export class AcceptQueue {
  readonly #queue: (() => void)[] = [];
  #scheduled = false;

  queue(enter: () => void): void {
    this.#queue.push(enter);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const enter of this.#queue.splice(0, perTurn)) enter();
      if (this.#queue.length > 0) this.#schedule();
    });
  }
}
