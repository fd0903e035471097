/** One step of a read: reads a little, uses it, and returns the number of bytes. */
export type Read = () => number;

/** Bytes that all readers together read in one event-loop iteration: about two milliseconds of work. */
const bytesPerSlice = 128 * 1024;
/** A bound for reads that take longer than their bytes suggest, such as from a slow disk. */
const msPerSlice = 5;
/** Bytes of one page for one reader. */
export const pageBytes = 64 * 1024;

/**
 * The queue of reads of past entries. In one event-loop iteration a fixed amount is read, for any number of readers. So frames,
 * grants and probes wait for one slice at most, and the readers share the rest, first come, first served.
 */
export class ReadQueue {
  readonly #now: () => number;
  readonly #onFault: (error: unknown) => void;
  #waiting: Read[] = [];
  #scheduled = false;

  /** `now`: the monotonic clock. `onFault` is called when a read throws; the other reads continue. */
  constructor(now: () => number, onFault: (error: unknown) => void) {
    this.#now = now;
    this.#onFault = onFault;
  }

  /** `read` is called once, later. A reader with more to read adds it again. */
  add(read: Read): void {
    this.#waiting.push(read);
    this.#schedule();
  }

  /** Runs a generator to its end, one step at a time. It yields the bytes that each step has read. */
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
    const until = this.#now() + msPerSlice;
    let bytes = 0;
    let done = 0;
    while (done < waiting.length && bytes < bytesPerSlice && this.#now() < until)
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
