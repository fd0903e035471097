import type {
  AttemptPlace,
  Claim,
  ClaimChange,
  Cluster,
  RouterChange,
  RouterDocument,
  SharedTable,
} from '../../src/cluster/cluster.ts';
import { homeOf } from '../../src/cluster/home.ts';
import { KnownClaims } from '../../src/cluster/known-claims.ts';
import type { Batch, Ledger, OnForeign } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { MemoryTable } from './memory-table.ts';

const keyOf = ({ conversation, turn, attempt }: AttemptPlace): string => `${conversation} ${turn} ${attempt}`;

/** One router's side of the network. */
export class MemoryCluster implements Cluster {
  readonly self: string;
  readonly #network: MemoryNetwork;
  readonly #known = new KnownClaims();
  readonly #claimListeners: ((change: ClaimChange) => void)[] = [];
  readonly #routerListeners: ((change: RouterChange) => void)[] = [];
  readonly #topics = new Map<string, ((payload: unknown, from: string) => void)[]>();
  #parts: Record<string, unknown> = {};
  /** Nothing is heard of the others, as in a process that is stopped. */
  isDeaf = false;

  constructor(network: MemoryNetwork, self: string) {
    this.#network = network;
    this.self = self;
  }

  get document(): RouterDocument {
    return { id: this.self, name: this.self, startedAt: 0, parts: this.#parts };
  }

  isAlive(router: string): boolean {
    return this.#network.isAlive(router);
  }

  *routers(): Iterable<RouterDocument> {
    for (const one of this.#network.alive()) yield one.document;
  }

  publish(part: string, value: unknown): void {
    this.#parts = { ...this.#parts, [part]: structuredClone(value) };
    this.#network.changed(this);
  }

  follow(listener: (change: RouterChange) => void): void {
    this.#routerListeners.push(listener);
  }

  isHome(conversation: string): boolean {
    return (
      homeOf(
        conversation,
        [...this.routers()].map(({ id }) => id),
      ) === this.self
    );
  }

  table(name: string): SharedTable {
    return this.#network.table(name);
  }

  readonly claims: Cluster['claims'] = {
    make: async ({ conversation, turn, attempt, member }) => {
      const claim: Claim = { conversation, turn, attempt, member, router: this.self };
      // The request is on its way, and then its answer.
      await nextIteration();
      const winner = this.#network.claim(claim);
      await nextIteration();
      if (winner.router !== this.self) return false;
      this.#known.made(claim, Number.POSITIVE_INFINITY);
      return true;
    },
    release: (place) => {
      if (this.#known.get(place)?.router !== this.self) return;
      this.#known.ended(place);
      this.#network.release(place, this.self);
    },
    at: (conversation, turn) => this.#known.newest(conversation, turn),
    inConversation: (conversation) => this.#known.inConversation(conversation),
    own: () => [...this.#known.all()].filter(({ router }) => router === this.self),
    others: () => [...this.#known.all()].filter(({ router }) => router !== this.self),
    follow: (listener) => void this.#claimListeners.push(listener),
  };

  readonly messages: Cluster['messages'] = {
    send: (topic, to, payload) => this.#network.send(this.self, topic, to, structuredClone(payload)),
    on: (topic, listener) => {
      this.#topics.set(topic, [...(this.#topics.get(topic) ?? []), listener]);
    },
  };

  hear(topic: string, payload: unknown, from: string): void {
    for (const listener of this.#topics.get(topic) ?? []) listener(payload, from);
  }

  heardClaim(change: ClaimChange): void {
    if (change.claim.router === this.self) return;
    if (change.type === 'made') this.#known.made(change.claim, Number.POSITIVE_INFINITY);
    else this.#known.ended(change.claim);
    for (const listener of this.#claimListeners) listener(change);
  }

  heardRouter(change: RouterChange): void {
    for (const listener of this.#routerListeners) listener(change);
  }
}

const nextIteration = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The routers of one test, without a network between them: what one tells, the others hear in a later event-loop iteration. */
export class MemoryNetwork {
  readonly #routers = new Map<string, MemoryCluster>();
  readonly #dead = new Set<string>();
  readonly #claims = new Map<string, Claim>();
  readonly #tables = new Map<string, MemoryTable>();

  join(id: string): MemoryCluster {
    const router = new MemoryCluster(this, id);
    for (const claim of this.#claims.values()) router.heardClaim({ type: 'made', claim });
    this.#routers.set(id, router);
    this.changed(router);
    return router;
  }

  /** The lease of the router is over. */
  leave(id: string, how: 'left' | 'died' = 'died'): void {
    const router = this.#routers.get(id)?.document;
    const left = this.#routers.get(id);
    this.#dead.add(id);
    if (left) left.isDeaf = true;
    if (router) this.#others(id, (one) => one.heardRouter({ type: 'gone', router, how }));
  }

  /** A router is stopped, and its lease is not over yet. */
  deafen(id: string): void {
    const router = this.#routers.get(id);
    if (router) router.isDeaf = true;
  }

  /** A router that was stopped has renewed its lease. */
  revive(id: string): void {
    this.#dead.delete(id);
    const router = this.#routers.get(id);
    if (!router) return;
    router.isDeaf = false;
    for (const claim of router.claims.others())
      if (this.#claims.get(keyOf(claim)) !== claim) router.heardClaim({ type: 'ended', claim });
    for (const claim of this.#claims.values()) router.heardClaim({ type: 'made', claim });
    this.changed(router);
  }

  isAlive(id: string): boolean {
    return this.#routers.has(id) && !this.#dead.has(id);
  }

  alive(): MemoryCluster[] {
    return [...this.#routers.values()].filter(({ self }) => this.isAlive(self));
  }

  changed(router: MemoryCluster): void {
    this.#others(router.self, (one) => one.heardRouter({ type: 'changed', router: router.document }));
  }

  table(name: string): MemoryTable {
    const table = this.#tables.get(name) ?? new MemoryTable();
    this.#tables.set(name, table);
    return table;
  }

  /** The claim that stands: this one, if there was none. */
  claim(claim: Claim): Claim {
    const standing = this.#claims.get(keyOf(claim));
    if (standing) return standing;
    this.#claims.set(keyOf(claim), claim);
    this.#others(claim.router, (one) => one.heardClaim({ type: 'made', claim }));
    return claim;
  }

  release(place: AttemptPlace, router: string): void {
    const claim = this.#claims.get(keyOf(place));
    if (claim?.router !== router) return;
    this.#claims.delete(keyOf(place));
    this.#others(router, (one) => one.heardClaim({ type: 'ended', claim }));
  }

  send(from: string, topic: string, to: string, payload: unknown): void {
    this.#others(from, (one) => {
      if (to === 'all' || to === one.self) one.hear(topic, payload, from);
    });
  }

  #others(self: string, call: (one: MemoryCluster) => void): void {
    setImmediate(() => {
      for (const one of this.#routers.values()) if (one.self !== self && !one.isDeaf) call(one);
    });
  }
}

/** A ledger in memory that several routers write to. Each is told of the commits of the others, in the order of the ledger. */
export class SharedLedger {
  readonly kept = openMemoryLedger();
  readonly #ports: { readonly hear: () => void; readonly unheard: Parameters<OnForeign>[0][] }[] = [];

  /** `isStopped`: the router hears nothing now. */
  port(isStopped: () => boolean): Ledger {
    const listeners: OnForeign[] = [];
    const unheard: Parameters<OnForeign>[0][] = [];
    const hear = () => {
      if (!isStopped())
        for (const append of unheard.splice(0)) for (const listener of listeners) listener(append);
    };
    const own = { hear, unheard };
    this.#ports.push(own);
    return {
      ...this.kept,
      append: async (batches: readonly Batch[]) => {
        await nextIteration();
        const appended = await this.kept.append(batches);
        for (const [index, result] of appended.entries()) {
          const { conversation, entries } = batches[index] as Batch;
          if (!result.ok || entries.length === 0) continue;
          for (const port of this.#ports)
            if (port !== own) port.unheard.push({ conversation, entries, position: result.position });
        }
        for (const port of this.#ports) if (port !== own) setImmediate(port.hear);
        await nextIteration();
        // As with a stream: what others have appended before is known when an append resolves.
        hear();
        return appended;
      },
      onForeign: (listener) => void listeners.push(listener),
    };
  }

  /** Routers that were stopped hear what they have missed. */
  hear(): void {
    for (const port of this.#ports) port.hear();
  }
}
