/** Reads a little, does with it what is to be done, and says how many bytes it read. */
export type Read = () => number;

/** What is read in one turn of the event loop, by all readers together: two milliseconds of work, about. */
const bytesPerSlice = 128 * 1024;
/** For reads that cost more than their bytes say, such as those from a slow disk. */
const msPerSlice = 5;
/** What one reader reads at once, of entries of common size. */
export const pageBytes = 64 * 1024;

/**
 * Reads of past entries wait here for their turn: a fixed amount is read between two looks at the network, however
 * many readers there are and however much they want. So frames, grants and probes wait for one slice at most, and the readers
 * share what is left, first come, first served.
 */
export class ReadQueue {
  readonly #onFault: (error: unknown) => void;
  #waiting: Read[] = [];
  #scheduled = false;

  /** Told when a read throws; the others go on. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** `read` is called once, later. A reader that has more to read adds itself again. */
  add(read: Read): void {
    this.#waiting.push(read);
    this.#schedule();
  }

  /** Runs work that yields the bytes it has read, one step at a time, to its end. */
  run<T>(work: Generator<number, T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const step = (): number => {
        try {
          const { done, value } = work.next();
          if (done) resolve(value);
          else this.add(step);
          return done ? 0 : value;
        } catch (error) {
          reject(error);
          return 0;
        }
      };
      this.add(step);
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#slice());
  }

  #slice(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const until = performance.now() + msPerSlice;
    let bytes = 0;
    let done = 0;
    while (done < waiting.length && bytes < bytesPerSlice && performance.now() < until)
      bytes += this.#call(waiting[done++] as Read);
    this.#scheduled = false;
    this.#waiting = [...waiting.slice(done), ...this.#waiting];
    if (this.#waiting.length > 0) this.#schedule();
  }

  #call(read: Read): number {
    try {
      return read();
    } catch (error) {
      this.#onFault(error);
      return 0;
    }
  }
}
