import type { Holding, PoolDocument } from './pool-document.ts';

interface Departure {
  readonly written: number;
  readonly since: number;
}

/**
 * Since when routers with a share have been dead, by the clock of this router. Every call of such a router was made before another
 * router noticed its death, and it makes no other one until it has written its holding again. Clocks need not agree: routers share only
 * how long ago the death was noticed, so the time also counts while this router is suspended, or when it has started since.
 */
export class Departures {
  readonly #dead = new Map<string, Departure>();

  /** To be called with each document, and at short intervals. */
  see({ holdings }: PoolDocument, isAlive: (router: string) => boolean, now: number): void {
    for (const router of this.#dead.keys()) if (!holdings[router]) this.#dead.delete(router);
    for (const [router, { written, deadMs = 0 }] of Object.entries(holdings)) {
      const known = this.#dead.get(router);
      if (isAlive(router)) this.#dead.delete(router);
      // A newer holding shows that the router had come back.
      else if (known?.written !== written || now - deadMs < known.since)
        this.#dead.set(router, { written, since: now - deadMs });
    }
  }

  /** How long the router has been dead, at least. Undefined when it is not known to be dead. */
  deadMs(router: string, { written }: Holding, now: number): number | undefined {
    const known = this.#dead.get(router);
    return known?.written === written ? now - known.since : undefined;
  }
}
