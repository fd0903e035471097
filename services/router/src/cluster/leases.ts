import type { RouterDocument } from './cluster.ts';

interface Held {
  readonly router: RouterDocument;
  readonly renewedAt: number;
}

/**
 * Which routers are alive. A lease runs from the time at which this router received its renewal. Pure: its caller passes in the
 * events and the time.
 */
export class Leases {
  readonly #leaseMs: number;
  readonly #held = new Map<string, Held>();

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** A renewal was received. */
  renewed(router: RouterDocument, now: number): void {
    this.#held.set(router.id, { router, renewedAt: now });
  }

  /** The router has shut down properly. Returns undefined for an unknown router. */
  left(id: string): RouterDocument | undefined {
    const held = this.#held.get(id);
    this.#held.delete(id);
    return held?.router;
  }

  /** Removes and returns the routers whose lease has expired. */
  expire(now: number): RouterDocument[] {
    const over = [...this.#held.values()].filter(({ renewedAt }) => now - renewedAt >= this.#leaseMs);
    for (const { router } of over) this.#held.delete(router.id);
    return over.map(({ router }) => router);
  }

  isHeld(id: string): boolean {
    return this.#held.has(id);
  }

  *routers(): Iterable<RouterDocument> {
    for (const { router } of this.#held.values()) yield router;
  }
}
