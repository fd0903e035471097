import type { Cluster, SharedTable } from '../cluster/cluster.ts';
import type { ConnectionReport, Elsewhere } from './elsewhere.ts';
import { keyOf, nameReportIn, partOf, routerAndPartOf, writtenPart } from './name-report.ts';
import type { Presence, PresenceChange } from './presence.ts';
import type { Registered, Registrations } from './registrations.ts';

export interface SharedPresenceOptions {
  readonly cluster: Pick<Cluster, 'self' | 'isAlive' | 'routers' | 'follow'>;
  readonly table: Pick<SharedTable, 'put' | 'delete' | 'watch'>;
  readonly presence: Presence;
  readonly elsewhere: Elsewhere;
  readonly registrations: Registrations;
  /** Makes the report about a connection. */
  readonly describe: (registered: Registered) => ConnectionReport;
  readonly onFailure: (error: unknown) => void;
  /** Calls `act` after `ms`, unless the function that it returns is called before. */
  readonly later: (act: () => void, ms: number) => () => void;
}

/** Minimum time between two writes of one part. */
const writeEveryMs = 100;
/** Minimum time between two reports of values that change with each turn. */
const refreshEveryMs = 1_000;
/** Maximum number of replicas of one name in a report: the peer decides how many connections it opens. */
const maxReplicas = 256;
/** After its start a router waits this long before it declares an unknown router dead. */
const unknownForMs = 30_000;
const retryMs = 1_000;

/** Reports the connections of this router to the others, and reads their reports. */
export class SharedPresence {
  readonly #options: SharedPresenceOptions;
  /** The names of each part, including those that have disconnected since it was written. */
  readonly #names = new Map<string, Set<string>>();
  /** What was last written of each part. */
  readonly #written = new Map<string, string>();
  readonly #dirty = new Set<string>();
  /** Parts that are being written, or were written a moment ago. */
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
    await table.watch(({ key, entry }) => this.#onReport(key, entry?.value));
  }

  onPresence(change: PresenceChange): void {
    if (change.type === 'elsewhere-changed') return;
    const { name } = 'replica' in change ? change.replica : change.client;
    const part = partOf(this.#options.cluster.self, name);
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
      if (this.#namesOf(part).text !== this.#written.get(part)) this.#changed(part);
    if (now - this.#startedAt >= unknownForMs)
      for (const [router, keys] of this.#keys)
        if (!cluster.isAlive(router)) for (const key of keys) this.#stale.add(key);
    this.#deleteStale();
  }

  /** Writes no further reports: the lease of this router ends, and its reports end with it. */
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

  /** Deletes the reports of dead routers. A router that was only suspended sees the deletion and reports again. */
  #deleteStale(): void {
    const { table, onFailure } = this.#options;
    for (const key of this.#isStopped ? [] : this.#stale) table.delete(key).catch(onFailure);
  }

  #onReport(key: string, value: unknown): void {
    const { cluster, elsewhere, presence } = this.#options;
    const { router, part } = routerAndPartOf(key);
    if (router === cluster.self) return this.#reportOfSelf(part, value);
    const keys = this.#keys.get(router) ?? new Set<string>();
    this.#stale.delete(key);
    if (value === undefined) keys.delete(key);
    else keys.add(key);
    if (keys.size > 0) this.#keys.set(router, keys);
    else this.#keys.delete(router);
    presence.elsewhereChanged(elsewhere.report(router, part, nameReportIn(value)));
  }

  /** Another router has declared this one dead. */
  #reportOfSelf(part: string, value: unknown): void {
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
    const { names, text } = this.#namesOf(part);
    this.#written.set(part, text);
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

  /** A part without names is written, too: only other routers delete parts. */
  #namesOf(part: string): ReturnType<typeof writtenPart> {
    const { registrations, describe } = this.#options;
    const names = this.#names.get(part) ?? new Set<string>();
    for (const name of names) if (registrations.of(name).length === 0) names.delete(name);
    const reports = [...names].map((name) => {
      const all = registrations.of(name).slice(0, maxReplicas);
      return [name, all.map(describe)] as const;
    });
    return writtenPart(Object.fromEntries(reports));
  }
}
