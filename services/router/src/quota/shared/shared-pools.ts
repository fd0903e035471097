import type { Cluster, SharedTable, TableEntry } from '../../cluster/cluster.ts';
import { type Amounts, noAmounts } from '../amounts.ts';
import type { Pool } from '../pool.ts';
import type { Pools, PoolUsage } from '../pools.ts';
import { Departures } from './departures.ts';
import { negotiate } from './negotiate.ts';
import { OwnShare } from './own-share.ts';
import { firstDocument, type PoolDocument, readPoolDocument } from './pool-document.ts';

export interface SharedPoolsOptions {
  readonly cluster: Pick<Cluster, 'self' | 'isAlive'>;
  readonly table: SharedTable;
  readonly pools: Pools;
  /** The usage of the last window, for the first router that writes the document of a pool. */
  readonly before: readonly PoolUsage[];
  /** Whether the lease of this router is held. */
  readonly holdsLease: () => boolean;
  /** How many turns wait for a call of the pool. */
  readonly waiting: (pool: Pool) => number;
  /** More calls may be leased. */
  readonly onGrown: (pool: Pool) => void;
  readonly onFailure: (error: unknown) => void;
  /** The steady clock. */
  readonly now: () => number;
}

interface Known {
  readonly document: PoolDocument;
  readonly revision: number;
}

interface Shared {
  readonly name: string;
  readonly key: string;
  readonly own: OwnShare;
  readonly departures: Departures;
  readonly before: Amounts;
  /** The newest known document; undefined when it must be read from the leader. */
  known: Known | undefined;
  /** The newest revision that was seen. Older revisions that arrive late are ignored. */
  newest: number;
  /** Whether it is certain that the share of this router is in the document. */
  isConfirmed: boolean;
  isBusy: boolean;
  isAsked: boolean;
}

/** How often one change is tried while other routers change the same document. */
const maxTries = 20;
const everyMs = 1_000;

const keyOf = (pool: string): string => Buffer.from(pool).toString('hex');

/**
 * The pools of this router where several routers share them. Each pool is a document with the shares of all routers, which is
 * changed by compare-and-set. Each router uses only its own share in every window, so the sum keeps to the rule. The share of a
 * dead router is divided one window after its death was noticed.
 */
export class SharedPools {
  readonly #options: SharedPoolsOptions;
  readonly #byKey = new Map<string, Shared>();
  /** A router that was suspended for this time may have lost its share. */
  readonly #awayMs: number;
  #written = 0;
  #sampledAt: number;
  /** Counts how often this router may have lost its share. */
  #losses = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SharedPoolsOptions) {
    this.#options = options;
    this.#sampledAt = options.now();
    this.#awayMs = options.pools.windowMs / 2;
    for (const [name, pool] of options.pools.entries()) {
      const key = keyOf(name);
      const own = new OwnShare({
        ...{ pool, now: options.now },
        sample: () => this.#sample(options.now()),
        onNeed: () => this.#asked(key),
      });
      const before = options.before.find((usage) => usage.pool === name)?.used ?? noAmounts;
      const state = { known: undefined, newest: 0, isConfirmed: false, isBusy: false, isAsked: false };
      this.#byKey.set(key, { name, key, own, departures: new Departures(), before, ...state });
    }
  }

  /** Begins to follow the documents. */
  start(): void {
    const { table, onFailure } = this.#options;
    const watching = table.watch(({ key, entry }) => {
      const shared = this.#byKey.get(key);
      if (shared && entry) this.#seen(shared, entry);
    });
    watching.catch(onFailure);
  }

  /** What this router may use, by the name of the pool. */
  *shares(): Iterable<readonly [string, Amounts]> {
    for (const { name, own } of this.#byKey.values()) yield [name, own.allowed];
  }

  /** To be called often. */
  tick(): void {
    const now = this.#options.now();
    this.#sample(now);
    if (now - this.#askedAt < everyMs) return;
    this.#askedAt = now;
    for (const shared of this.#byKey.values()) this.#asked(shared.key);
  }

  /**
   * A router that was suspended, or cut off from the others, may have lost its share. It cannot lose it within less than a
   * window, because the others wait that long.
   */
  #sample(now: number): void {
    const wasAway = now - this.#sampledAt >= this.#awayMs;
    this.#sampledAt = now;
    if (!wasAway && this.#options.holdsLease()) return;
    this.#losses++;
    for (const shared of this.#byKey.values()) {
      shared.own.lose();
      shared.isConfirmed = false;
    }
  }

  #seen(shared: Shared, { value, revision }: TableEntry): void {
    const document = readPoolDocument(value);
    if (document && this.#knows(shared, { document, revision })) this.#asked(shared.key);
  }

  /** Returns false when the document is not newer. */
  #knows(shared: Shared, known: Known): boolean {
    if (known.revision <= shared.newest) return false;
    shared.known = known;
    shared.newest = known.revision;
    return true;
  }

  #asked(key: string): void {
    const shared = this.#byKey.get(key);
    if (!shared) return;
    shared.isAsked = true;
    if (!shared.isBusy) this.#settle(shared).catch(this.#options.onFailure);
  }

  /** Makes one change at a time. Requests that come in the meantime are handled afterwards. */
  async #settle(shared: Shared): Promise<void> {
    shared.isBusy = true;
    try {
      while (shared.isAsked) {
        shared.isAsked = false;
        await this.#change(shared);
      }
    } catch (error) {
      // It is unknown whether the change was made. The next change is written in any case, so that this one cannot take effect
      // later.
      shared.known = undefined;
      shared.isConfirmed = false;
      this.#options.onFailure(error);
    } finally {
      shared.isBusy = false;
    }
  }

  async #change(shared: Shared): Promise<void> {
    const { holdsLease, onGrown, now } = this.#options;
    for (let tries = 0; tries < maxTries && holdsLease(); tries++) {
      const known = shared.known ?? (await this.#read(shared));
      if (!known) continue;
      this.#sample(now());
      const losses = this.#losses;
      const { document, allowed } = this.#negotiated(shared, known.document);
      shared.own.lower(allowed);
      if (document) {
        if (!(await this.#write(shared, document, known.revision))) continue;
        this.#sample(now());
        // The document was written, perhaps long ago, and this router may have lost its share since then.
        if (losses !== this.#losses) continue;
        shared.isConfirmed = true;
      }
      if (shared.own.set(allowed)) onGrown(shared.own.pool);
      return;
    }
  }

  #negotiated(shared: Shared, document: PoolDocument) {
    const { cluster, waiting, now } = this.#options;
    const { own, departures, isConfirmed } = shared;
    const { windowMs, limits } = own.pool;
    const at = now();
    const isAlive = (router: string) => cluster.isAlive(router);
    departures.see(document, isAlive, at);
    return negotiate(document, {
      self: cluster.self,
      ...{ limits, block: own.block, demand: own.demand(waiting(own.pool)), isAlive },
      allowed: own.allowed,
      written: ++this.#written,
      confirms: !isConfirmed,
      windowMs,
      deadMs: (router, holding) => departures.deadMs(router, holding, at),
    });
  }

  /** False when another router was faster. */
  async #write(shared: Shared, document: PoolDocument, revision: number): Promise<boolean> {
    const written = await this.#options.table.update(shared.key, document, revision);
    if (written !== undefined) this.#knows(shared, { document, revision: written });
    else if (shared.known?.revision === revision) shared.known = undefined;
    return written !== undefined;
  }

  /** The document from the leader; the first router writes it. */
  async #read(shared: Shared): Promise<Known | undefined> {
    const { table } = this.#options;
    const entry = await table.get(shared.key);
    if (!entry) {
      await table.create(shared.key, firstDocument(shared.before));
      return undefined;
    }
    const document = readPoolDocument(entry.value);
    if (!document)
      throw new Error(`the shares of the pool ${shared.name} cannot be read: a newer version wrote them`);
    const known = { document, revision: entry.revision };
    if (known.revision >= shared.newest) [shared.known, shared.newest] = [known, known.revision];
    return shared.known;
  }
}
