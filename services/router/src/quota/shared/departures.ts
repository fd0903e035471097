import type { Holding, PoolDocument } from './pool-document.ts';

interface Departure {
  readonly written: number;
  readonly since: number;
}

/**
 * Since when routers that hold a share are dead, by the clock of this router. So the clocks of routers need not agree: a call of a
 * dead router was made before its death was seen here.
 */
export class Departures {
  readonly #dead = new Map<string, Departure>();

  /** To be called with each document, and often. */
  see({ holdings }: PoolDocument, isAlive: (router: string) => boolean, now: number): void {
    for (const router of this.#dead.keys()) if (!holdings[router]) this.#dead.delete(router);
    for (const [router, { written }] of Object.entries(holdings)) {
      if (isAlive(router)) this.#dead.delete(router);
      // A holding that was written since belongs to a router that had come back.
      else if (this.#dead.get(router)?.written !== written) this.#dead.set(router, { written, since: now });
    }
  }

  /** Whether the router is known to be dead for longer than `ms`. */
  isOver(router: string, { written }: Holding, now: number, ms: number): boolean {
    const known = this.#dead.get(router);
    return known?.written === written && now - known.since > ms;
  }

  /** This router did not know for some time who was alive. */
  forget(): void {
    this.#dead.clear();
  }
}
