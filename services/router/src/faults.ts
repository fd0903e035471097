/** The part of the router in which an unexpected error was caught. A closed set: it is a label of a metric. */
export const faultPlaces = [
  'session',
  'request',
  'decision',
  'follower',
  'answer',
  'timer',
  'process',
] as const;
export type FaultPlace = (typeof faultPlaces)[number];

/** An unexpected error. `about`: the place for the log; never text of a peer. */
export interface Fault {
  readonly place: FaultPlace;
  readonly about: string;
  readonly error: unknown;
}

/** Every frame of a flood may cause a fault. All are counted; at most this number is logged in one period. */
const loggedPerPeriod = 10;
const periodMs = 10_000;

/**
 * Takes errors that are bugs of the router. The request or connection that caused one is refused or closed where it is
 * caught; the process continues, because all its state can be rebuilt from the ledger.
 */
export class Faults {
  readonly #count: (place: FaultPlace) => void;
  readonly #report: (fault: Fault) => void;
  readonly #now: () => number;
  #periodBegan = Number.NEGATIVE_INFINITY;
  #logged = 0;

  /** `now`: the monotonic clock. */
  constructor(count: (place: FaultPlace) => void, report: (fault: Fault) => void, now: () => number) {
    this.#count = count;
    this.#report = report;
    this.#now = now;
  }

  caught(place: FaultPlace, about: string, error: unknown): void {
    this.#count(place);
    const now = this.#now();
    if (now - this.#periodBegan >= periodMs) {
      this.#periodBegan = now;
      this.#logged = 0;
    }
    if (this.#logged++ < loggedPerPeriod) this.#report({ place, about, error });
  }

  /** Runs `work`. When it throws, counts the error and runs `otherwise`. */
  guard(place: FaultPlace, about: string, work: () => void, otherwise?: () => void): void {
    try {
      work();
    } catch (error) {
      this.caught(place, about, error);
      if (otherwise) this.guard(place, about, otherwise);
    }
  }
}

/** For a part of the router that runs without metrics: errors are only passed on. */
export const uncountedFaults = (report: (error: unknown) => void, now: () => number): Faults =>
  new Faults(
    () => {},
    ({ error }) => report(error),
    now,
  );
