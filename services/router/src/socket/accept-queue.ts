/** Upgrades accepted per event-loop iteration: some thousands a second. */
const perIteration = 2;

/**
 * Accepts upgrades a few per event-loop iteration. Each brings up to 64 KiB to be read at once, which takes about a
 * millisecond, so that fifty at once would delay every connected peer.
 */
export class AcceptQueue {
  readonly #queue: (() => void)[] = [];
  #scheduled = false;

  add(accept: () => void): void {
    this.#queue.push(accept);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const accept of this.#queue.splice(0, perIteration)) accept();
      if (this.#queue.length > 0) this.#schedule();
    });
  }
}
