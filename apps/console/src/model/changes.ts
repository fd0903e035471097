/** Notifies the views of changes: once before the next frame, however many changes there were. */
export class Changes {
  readonly #listeners = new Set<() => void>();
  #told = true;

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  note(): void {
    if (!this.#told) return;
    this.#told = false;
    requestAnimationFrame(() => {
      this.#told = true;
      for (const listener of this.#listeners) listener();
    });
  }
}

const pauseMs = 1_000;

/** Runs `load` now or soon, but not more than once in a second. */
export const spaced = (load: () => Promise<void>): (() => void) => {
  let running = false;
  let again = false;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    // A failed load is repeated when the stream of events is connected again.
    await load().catch((error: unknown) => console.info('a request failed', error));
    setTimeout(() => {
      running = false;
      if (again) void run();
      again = false;
    }, pauseMs);
  };
  return () => void run();
};
