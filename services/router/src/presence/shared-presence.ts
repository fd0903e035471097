import type { Cluster, SharedTable } from '../cluster/cluster.ts';
import type { Elsewhere, ToldConnection, ToldNames } from './elsewhere.ts';
import type { Presence, PresenceChange } from './presence.ts';
import type { Registered, Registrations } from './registrations.ts';
import { keyOf, partOf, routerAndPartOf, toldNamesIn } from './told-names.ts';

export interface SharedPresenceOptions {
  readonly cluster: Pick<Cluster, 'self' | 'isAlive' | 'routers' | 'follow'>;
  readonly table: Pick<SharedTable, 'put' | 'delete' | 'watch'>;
  readonly presence: Presence;
  readonly elsewhere: Elsewhere;
  readonly registrations: Registrations;
  /** What the other routers are told of a connection. */
  readonly describe: (registered: Registered) => ToldConnection;
  readonly onFailure: (error: unknown) => void;
  /** Calls `act` after `ms`, unless the function that it returns is called before. */
  readonly later: (act: () => void, ms: number) => () => void;
}

/** Changes of one part are written at most so often. */
const writeEveryMs = 100;
/** Of a connection, what changes with each turn is told at most so often. */
const refreshEveryMs = 1_000;
/** After its start a router waits so long before it takes another one that it does not know for dead. */
const unknownForMs = 30_000;
const retryMs = 1_000;

/** Tells the other routers who is connected here, and takes in what they tell. */
export class SharedPresence {
  readonly #options: SharedPresenceOptions;
  /** The names of each part, also those that have left since it was written. */
  readonly #names = new Map<string, Set<string>>();
  /** What was last written of each part. */
  readonly #written = new Map<string, string>();
  readonly #dirty = new Set<string>();
  /** Parts that are written now, or were a moment ago. */
  readonly #busy = new Set<string>();
  /** The keys of each other router in the table. */
  readonly #keys = new Map<string, Set<string>>();
  /** Keys of routers that have died, which are still to be deleted. */
  readonly #stale = new Set<string>();
  #startedAt: number | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(options: SharedPresenceOptions) {
    this.#options = options;
  }

  /** Resolves when it is known who is connected to the other routers. */
  async start(): Promise<void> {
    const { cluster, table } = this.#options;
    for (const { id } of cluster.routers()) this.#isAlive(id, true);
    cluster.follow(({ type, router: { id } }) => this.#isAlive(id, type === 'changed'));
    await table.watch(({ key, entry }) => this.#told(key, entry?.value));
  }

  onPresence(change: PresenceChange): void {
    if (change.type === 'elsewhere-changed') return;
    const { name } = 'replica' in change ? change.replica : change.client;
    const part = partOf(name);
    this.#names.set(part, (this.#names.get(part) ?? new Set()).add(name));
    this.#changed(part);
  }

  /** To be called a few times a second. */
  tick(now: number): void {
    this.#startedAt ??= now;
    if (now - this.#refreshedAt < refreshEveryMs) return;
    this.#refreshedAt = now;
    const { cluster } = this.#options;
    for (const part of this.#names.keys())
      if (JSON.stringify(this.#namesOf(part)) !== this.#written.get(part)) this.#changed(part);
    if (now - this.#startedAt >= unknownForMs)
      for (const [router, keys] of this.#keys)
        if (!cluster.isAlive(router)) for (const key of keys) this.#stale.add(key);
    this.#deleteStale();
  }

  /** Nothing is told any more: the lease of this router ends, and with it what it told. */
  stop(): void {
    this.#isStopped = true;
  }

  #isAlive(router: string, isAlive: boolean): void {
    const { cluster, elsewhere, presence } = this.#options;
    if (router === cluster.self) return;
    presence.elsewhereChanged(elsewhere.alive(router, isAlive));
    if (isAlive) return;
    for (const key of this.#keys.get(router) ?? []) this.#stale.add(key);
    this.#deleteStale();
  }

  /** What a dead router told is deleted. One that was only stopped is told so by that, and tells it again. */
  #deleteStale(): void {
    const { table, onFailure } = this.#options;
    for (const key of this.#isStopped ? [] : this.#stale) table.delete(key).catch(onFailure);
  }

  #told(key: string, value: unknown): void {
    const { cluster, elsewhere, presence } = this.#options;
    const { router, part } = routerAndPartOf(key);
    if (router === cluster.self) return this.#toldOfSelf(part, value);
    const keys = this.#keys.get(router) ?? new Set<string>();
    this.#stale.delete(key);
    if (value === undefined) keys.delete(key);
    else keys.add(key);
    if (keys.size > 0) this.#keys.set(router, keys);
    else this.#keys.delete(router);
    presence.elsewhereChanged(elsewhere.told(router, part, toldNamesIn(value)));
  }

  /** Another router took this one for dead. */
  #toldOfSelf(part: string, value: unknown): void {
    if (value !== undefined || !this.#written.has(part)) return;
    this.#options.registrations.renew();
    for (const written of this.#written.keys()) this.#changed(written);
  }

  #changed(part: string): void {
    this.#dirty.add(part);
    if (!this.#busy.has(part)) this.#write(part);
  }

  #write(part: string): void {
    if (this.#isStopped || !this.#dirty.delete(part)) return;
    const { table, onFailure, later, cluster } = this.#options;
    this.#busy.add(part);
    const after = (ms: number) =>
      later(() => {
        this.#busy.delete(part);
        this.#write(part);
      }, ms);
    const names = this.#namesOf(part);
    this.#written.set(part, JSON.stringify(names));
    table.put(keyOf(cluster.self, part), names).then(
      () => after(writeEveryMs),
      (error: unknown) => {
        if (this.#isStopped) return;
        onFailure(error);
        this.#dirty.add(part);
        after(retryMs);
      },
    );
  }

  /** Also a part without a name is told: it is deleted by other routers only. */
  #namesOf(part: string): ToldNames {
    const { registrations, describe } = this.#options;
    const names = this.#names.get(part) ?? new Set<string>();
    for (const name of names) if (registrations.of(name).length === 0) names.delete(name);
    return Object.fromEntries([...names].map((name) => [name, registrations.of(name).map(describe)]));
  }
}
