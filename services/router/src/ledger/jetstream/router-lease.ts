import { setTimeout } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import { ConfigError } from '@parley/runtime';
import type { NatsLink } from './nats-link.ts';
import type { StreamAccess } from './stream-access.ts';

export interface LeaseOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly replicas: number;
  /** Unique to this process. */
  readonly owner: string;
  /** For people: the machine of the router. */
  readonly name: string;
  readonly onWaiting: (holder: string) => void;
  /** Time after which a lease expires that is not renewed. */
  readonly leaseMs?: number;
  /** How long a router waits for the lease of another one. */
  readonly patienceMs?: number;
}

const key = 'router';
const usualLeaseMs = 9_000;
/** Added to the time of a lease, so that the wait is longer than the lease of a dead router. */
const usualPatienceMs = 6_000;
/** Renewals per lease. */
const renewals = 3;
const askAgainMs = 500;

interface Holder {
  readonly owner: string;
  readonly name: string;
}

const holderIn = (entry: KvEntry | null): Holder | undefined => {
  if (entry?.operation !== 'PUT') return undefined;
  try {
    return entry.json<Holder>();
  } catch {
    return { owner: '', name: 'another program' };
  }
};

const isConflict = (error: unknown): boolean => /wrong last sequence/i.test((error as Error).message);

const openBucket = ({ link, stream, replicas, leaseMs = usualLeaseMs }: LeaseOptions): Promise<KV> =>
  new Kvm(link.connection).create(`${stream}_lease`, {
    ttl: leaseMs,
    replicas,
    history: 1,
    // A replica that lags behind could show an expired lease.
    allow_direct: false,
  });

/**
 * Waits until no router uses the stream alone, so that several routers may start. Rejects with a ConfigError when a router
 * keeps its lease.
 */
export const waitForNoLease = async (options: LeaseOptions): Promise<undefined> => {
  const { stream, leaseMs = usualLeaseMs, patienceMs = leaseMs + usualPatienceMs, onWaiting } = options;
  const bucket = await openBucket(options);
  const until = performance.now() + patienceMs;
  for (let isTold = false; ; isTold = true) {
    const holder = holderIn(await bucket.get(key));
    if (!holder) return undefined;
    if (!isTold) onWaiting(holder.name);
    if (performance.now() > until)
      throw new ConfigError([
        `ROUTER_NATS_ROUTERS: the router ${holder.name} works alone with the stream ${stream}: set it to several there, too, or stop that router`,
      ]);
    await setTimeout(askAgainMs);
  }
};

const deletionMark = /KV-Operation|Nats-Marker-Reason/;

/**
 * Checks that no routers share the stream, so that one router may use it alone. Rejects with a ConfigError when routers share
 * it.
 */
export const checkNoRouters = async (manager: JetStreamManager, stream: string): Promise<void> => {
  const bucket = `KV_${stream}_routers`;
  const found = await manager.streams.info(bucket, { subjects_filter: '>' }).catch((error: Error) => {
    if (/stream not found/i.test(error.message)) return undefined;
    throw error;
  });
  for (const subject of Object.keys(found?.state.subjects ?? {})) {
    const message = await manager.streams.getMessage(bucket, { last_by_subj: subject });
    if (!message || deletionMark.test([...message.header.keys()].join()) || subject.includes('._.')) continue;
    const { name } = message.json<{ name: string }>();
    throw new ConfigError([
      `ROUTER_NATS_ROUTERS: the router ${name} works with the stream ${stream} as one of several: stop all of them first, or set it to several`,
    ]);
  }
};

/**
 * The lease of the only router of a stream. It prevents that two routers grant the same turns. It is no fence: the stream
 * compares every commit, whether the lease of its router has expired or not.
 */
export class RouterLease implements StreamAccess {
  readonly #options: LeaseOptions;
  readonly #bucket: KV;
  readonly #leaseMs: number;
  readonly #lost: ((why: string) => void)[] = [];
  #revision = 0;
  #renewedAt = 0;
  #isLost = false;
  #timer: NodeJS.Timeout | undefined;
  #isRenewing = false;

  private constructor(options: LeaseOptions, bucket: KV) {
    this.#options = options;
    this.#bucket = bucket;
    this.#leaseMs = options.leaseMs ?? usualLeaseMs;
  }

  /** Waits until the lease of a dead router has expired. Rejects with a ConfigError when a live router keeps it. */
  static async take(options: LeaseOptions): Promise<RouterLease> {
    const { stream, leaseMs = usualLeaseMs, patienceMs = leaseMs + usualPatienceMs, onWaiting } = options;
    const bucket = await openBucket(options);
    const lease = new RouterLease(options, bucket);
    const until = performance.now() + patienceMs;
    let isTold = false;
    while (!(await lease.#create())) {
      const holder = holderIn(await bucket.get(key));
      if (holder && !isTold) onWaiting(holder.name);
      isTold ||= holder !== undefined;
      if (performance.now() > until)
        throw new ConfigError([
          `ROUTER_LEDGER: the router ${holder?.name ?? 'that was there before'} works with the stream ${stream}: one router at a time can`,
        ]);
      await setTimeout(askAgainMs);
    }
    lease.#timer = setInterval(() => void lease.renew(), leaseMs / renewals).unref();
    return lease;
  }

  /** Why nothing may be granted or written; undefined while the lease is held. */
  get trouble(): string | undefined {
    if (this.#isLost) return 'another router has taken over';
    return performance.now() - this.#renewedAt < this.#leaseMs
      ? undefined
      : 'the lease of this router has run out';
  }

  onLost(listener: (why: string) => void): void {
    this.#lost.push(listener);
  }

  /** One renewal. One that fails is repeated at the next interval. */
  async renew(): Promise<void> {
    if (this.#isLost || this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      if (this.#options.link.isConnected) await this.#renew();
    } catch {
      // The connection is lost, or the stream has no leader. If that lasts, the lease expires.
    } finally {
      this.#isRenewing = false;
    }
  }

  /** Stops the periodic renewal. */
  pause(): void {
    clearInterval(this.#timer);
  }

  /** Deletes the lease, so that another router can start immediately. */
  async release(): Promise<void> {
    this.pause();
    if (this.#isLost) return;
    this.#isLost = true;
    await this.#bucket.delete(key, { previousSeq: this.#revision }).catch(() => {});
  }

  get #value(): string {
    const { owner, name } = this.#options;
    return JSON.stringify({ owner, name } satisfies Holder);
  }

  /** Returns false when another router has the lease. */
  async #create(): Promise<boolean> {
    const askedAt = performance.now();
    try {
      this.#revision = await this.#bucket.create(key, this.#value);
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
    this.#renewedAt = askedAt;
    return true;
  }

  async #renew(): Promise<void> {
    // The lease runs from the request, because the answer may have taken long.
    const askedAt = performance.now();
    try {
      this.#revision = await this.#bucket.update(key, this.#value, this.#revision);
      this.#renewedAt = askedAt;
    } catch (error) {
      if (!isConflict(error)) throw error;
      const entry = await this.#bucket.get(key);
      const holder = holderIn(entry);
      // The answer to an earlier renewal was lost.
      if (entry && holder?.owner === this.#options.owner) this.#revision = entry.revision;
      else if (holder === undefined) await this.#create();
      else this.#lose(holder.name);
    }
  }

  #lose(name: string): void {
    this.#isLost = true;
    this.pause();
    for (const listener of this.#lost) listener(`the router ${name} has taken over the stream`);
  }
}
