import { StorageType } from '@nats-io/jetstream';
import type { StreamAccess, StreamEngine } from '../../ledger/jetstream/stream-access.ts';
import {
  type Cluster,
  type RouterChange,
  type RouterDocument,
  type SharedTable,
  type SharedTableName,
  sharedTables,
  type TableChange,
} from '../cluster.ts';
import { homeOf } from '../home.ts';
import { Leases } from '../leases.ts';
import { NatsClaims } from './nats-claims.ts';
import { NatsMessages } from './nats-messages.ts';
import { NatsTable } from './nats-table.ts';

export interface NatsClusterOptions {
  readonly engine: StreamEngine;
  /** For people: the machine of this router. */
  readonly name: string;
  /** A router that renews nothing for this time counts as dead. */
  readonly leaseMs: number;
  /** The wall clock. */
  readonly wall: () => number;
}

/** Renewals per lease. */
const renewals = 3;
const tickMs = 250;
/** Minimum time between two writes of the document. */
const publishMs = 100;

const documentIn = (value: unknown): RouterDocument | undefined => {
  const { id, name, startedAt, parts } = (value ?? {}) as Partial<Record<keyof RouterDocument, unknown>>;
  const isDocument = typeof id === 'string' && typeof name === 'string' && typeof startedAt === 'number';
  const known = typeof parts === 'object' && parts !== null ? (parts as RouterDocument['parts']) : {};
  return isDocument ? { id, name, startedAt, parts: known } : undefined;
};

interface Own extends RouterDocument {
  /** Counts the writes of the document. */
  readonly count: number;
  /** Counts the changes of its parts. */
  readonly version: number;
}

/**
 * The routers that work with one stream. The lease of a router is its document in a bucket, which it writes periodically. A
 * router considers itself alive when its own document has come back through the bucket: then it has also read everything that
 * the others wrote before. While it is not alive, it decides nothing, grants nothing, and declares no other router dead.
 */
export class NatsCluster implements Cluster, StreamAccess {
  readonly claims: NatsClaims;
  readonly messages: NatsMessages;
  readonly #options: NatsClusterOptions;
  readonly #routers: NatsTable;
  /** All followed tables except the one of the routers. */
  readonly #tables = new Map<SharedTableName | 'claims', NatsTable>();
  readonly #leases: Leases;
  readonly #followers: ((change: RouterChange) => void)[] = [];
  readonly #startedAt: number;
  #parts: Record<string, unknown> = {};
  #count = 0;
  #version = 0;
  #writtenVersion = 0;
  /** The versions of the documents of others. */
  readonly #versions = new Map<string, unknown>();
  /** Number of the newest own document that has come back through the bucket. */
  #heard = 0;
  #onHeard: (() => void)[] = [];
  #renewedAt = Number.NEGATIVE_INFINITY;
  #isRenewing = false;
  #isLeaving = false;
  #timers: NodeJS.Timeout[] = [];
  #publishing: NodeJS.Timeout | undefined;

  private constructor(options: NatsClusterOptions) {
    const { engine, leaseMs, wall } = options;
    const { link, stream, writer: self, onFailure } = engine;
    this.#options = options;
    this.#startedAt = wall();
    this.#leases = new Leases(leaseMs);
    this.#routers = this.#open('routers', StorageType.File, leaseMs);
    const claims = this.#open('claims', StorageType.Memory);
    this.#tables.set('claims', claims);
    this.claims = new NatsClaims({ table: claims, self, now: () => performance.now(), onFailure });
    this.messages = new NatsMessages({ link, stream, self, onFailure });
    for (const name of sharedTables) this.#tables.set(name, this.#open(name, StorageType.File));
  }

  /** Resolves when this router is alive, and knows the others and their claims. */
  static async join(options: NatsClusterOptions): Promise<NatsCluster> {
    const cluster = new NatsCluster(options);
    try {
      await cluster.#routers.watch((change) => cluster.#seen(change));
      await cluster.claims.start();
      await cluster.#renew();
    } catch (error) {
      // The caller may try again. For the other routers that is another router.
      await cluster.release();
      throw error;
    }
    cluster.#timers = [
      setInterval(() => void cluster.renew(), options.leaseMs / renewals).unref(),
      setInterval(() => cluster.tick(), tickMs).unref(),
    ];
    return cluster;
  }

  get self(): string {
    return this.#options.engine.writer;
  }

  get trouble(): string | undefined {
    if (this.#isLeaving) return 'this router is leaving';
    const isHeld = performance.now() - this.#renewedAt < this.#options.leaseMs;
    return isHeld ? undefined : 'the lease of this router has run out';
  }

  isAlive(router: string): boolean {
    return router === this.self || this.#leases.isHeld(router);
  }

  *routers(): Iterable<RouterDocument> {
    yield this.#document;
    yield* this.#leases.routers();
  }

  publish(part: string, value: unknown): void {
    this.#parts = { ...this.#parts, [part]: value };
    this.#version++;
    this.#publishSoon();
  }

  #publishSoon(): void {
    if (this.#isLeaving) return;
    this.#publishing ??= setTimeout(() => {
      this.#publishing = undefined;
      this.renew().catch(this.#options.engine.onFailure);
    }, publishMs).unref();
  }

  follow(listener: (change: RouterChange) => void): void {
    this.#followers.push(listener);
  }

  isHome(conversation: string): boolean {
    const routers = [...this.routers()].map(({ id }) => id);
    return homeOf(conversation, routers) === this.self;
  }

  table(name: SharedTableName): SharedTable {
    return this.#tables.get(name) as NatsTable;
  }

  /** One renewal. One that fails is repeated at the next interval. */
  async renew(): Promise<void> {
    if (this.#isRenewing || this.#isLeaving) return;
    this.#isRenewing = true;
    try {
      if (this.#options.engine.link.isConnected) await this.#renew();
    } catch {
      // The connection is lost, or the stream has no leader. If that lasts, the lease expires.
    } finally {
      this.#isRenewing = false;
      if (this.#writtenVersion < this.#version) this.#publishSoon();
    }
  }

  /** Stops the periodic renewal. */
  pause(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#publishing);
  }

  tick(): void {
    // A router that was suspended has received no renewals, so it does not know which routers are dead.
    if (this.trouble !== undefined) return;
    this.claims.tick();
    for (const router of this.#leases.expire(performance.now()))
      this.#notify({ type: 'gone', router, how: 'died' });
  }

  async release(): Promise<void> {
    this.pause();
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.claims.stop();
    await this.#routers.delete(this.self).catch(() => {});
    await Promise.all([...this.#tables.values(), this.#routers].map((table) => table.stop()));
  }

  get #document(): RouterDocument {
    const { name } = this.#options;
    return { id: this.self, name, startedAt: this.#startedAt, parts: this.#parts };
  }

  #open(name: string, storage: StorageType, maxAgeMs?: number): NatsTable {
    const { link, client, manager, stream, replicas, writer, onFailure } = this.#options.engine;
    return new NatsTable({
      ...{ link, client, manager, replicas, storage, onFailure },
      bucket: `${stream}_${name}`,
      consumer: writer,
      ...(maxAgeMs !== undefined && { maxAgeMs }),
    });
  }

  async #renew(): Promise<void> {
    // The lease runs from the request, because the answer may have taken long.
    const askedAt = performance.now();
    const count = ++this.#count;
    const version = this.#version;
    await this.#routers.put(this.self, { ...this.#document, count, version } satisfies Own);
    this.#writtenVersion = version;
    await this.#hears(count);
    // Checked after the answer: the lease may have expired while it was awaited.
    const wasOver = this.trouble !== undefined;
    // Reads what the others did while this router was suspended. The server keeps deletions for one minute only.
    if (wasOver) await this.#options.engine.caughtUp();
    if (wasOver && count > 1) await Promise.all([...this.#tables.values()].map((table) => table.refresh()));
    this.#renewedAt = askedAt;
  }

  /** Resolves when the document has come back; rejects after the time of a lease. */
  #hears(count: number): Promise<void> {
    if (this.#heard >= count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error('the renewal of the lease was not confirmed in time')),
        this.#options.leaseMs,
      );
      this.#onHeard.push(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  #seen({ key, entry }: TableChange): void {
    const { count, version } = (entry?.value ?? {}) as Partial<Own>;
    if (key === this.self) {
      this.#heard = Math.max(this.#heard, Number(count ?? 0));
      if (this.#heard >= this.#count) for (const heard of this.#onHeard.splice(0)) heard();
      return;
    }
    const document = entry && documentIn(entry.value);
    if (document?.id === key) {
      const isNew = !this.#leases.isHeld(key) || this.#versions.get(key) !== version;
      this.#leases.renewed(document, performance.now());
      this.#versions.set(key, version);
      if (isNew) this.#notify({ type: 'changed', router: document });
      return;
    }
    const router = this.#leases.left(key);
    if (router) this.#notify({ type: 'gone', router, how: 'left' });
  }

  #notify(change: RouterChange): void {
    if (change.type === 'gone') this.#versions.delete(change.router.id);
    for (const listener of this.#followers)
      try {
        listener(change);
      } catch (error) {
        this.#options.engine.onFailure(error);
      }
  }
}
