import type { Holding, PoolDocument } from './pool-document.ts';

interface Departure {
  readonly written: number;
  readonly since: number;
}

/**
 * When this router noticed that another router with a share had died, by its own clock. So clocks need not agree: every call of
 * the dead router was made before that time.
 */
export class Departures {
  readonly #dead = new Map<string, Departure>();

  /** To be called with each document, and at short intervals. */
  see({ holdings }: PoolDocument, isAlive: (router: string) => boolean, now: number): void {
    for (const router of this.#dead.keys()) if (!holdings[router]) this.#dead.delete(router);
    for (const [router, { written }] of Object.entries(holdings)) {
      if (isAlive(router)) this.#dead.delete(router);
      // A newer holding shows that the router had come back.
      else if (this.#dead.get(router)?.written !== written) this.#dead.set(router, { written, since: now });
    }
  }

  /** Whether the router has been known to be dead for longer than `ms`. */
  isOver(router: string, { written }: Holding, now: number, ms: number): boolean {
    const known = this.#dead.get(router);
    return known?.written === written && now - known.since > ms;
  }

  /** For some time this router did not know which routers were alive. */
  forget(): void {
    this.#dead.clear();
  }
}
