import type { SharedTable, TableChange, TableEntry } from '../../../src/cluster/cluster.ts';
import type { Lease, PoolRule } from '../../../src/quota/pool.ts';
import { Pools } from '../../../src/quota/pools.ts';
import { SharedPools } from '../../../src/quota/shared/shared-pools.ts';

/**
 * What becomes of a request to the engine. `late`: it is carried out after its sender has given it up. `held`: it is carried
 * out, and answered later.
 */
export type Fate = 'answered' | 'not-sent' | 'unanswered' | 'late' | 'held';

interface Request {
  readonly router: SimRouter;
  carryOut(): unknown;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Running {
  readonly lease: Lease;
  readonly leasedAt: number;
}

export interface Call {
  readonly router: string;
  readonly at: number;
}

const leaseMs = 9_000;
/** An agent calls its model when it gets the grant. */
const soonMs = 5_000;
/** A call is over by then. */
const callMs = 60_000;
const model = 'm';
const unsupported = (): never => {
  throw new Error('pools do not use this');
};

/** A router of the simulation: its pools, and its view of the others. */
export class SimRouter {
  readonly id: string;
  readonly pools: Pools;
  readonly shared: SharedPools;
  readonly running: Running[] = [];
  readonly inbox: TableChange[] = [];
  waiting = 0;
  renewedAt: number;
  isStopped = false;
  stoppedAt = Number.NEGATIVE_INFINITY;
  isGone = false;
  listener: ((change: TableChange) => void) | undefined;
  readonly #sim: PoolCluster;

  constructor(sim: PoolCluster, id: string, rule: PoolRule) {
    this.#sim = sim;
    this.id = id;
    this.renewedAt = sim.now;
    this.pools = new Pools(new Map([[model, rule]]));
    this.shared = new SharedPools({
      cluster: { self: id, isAlive: (other) => other === id || sim.seemsAlive(other, this) },
      table: sim.tableOf(this),
      pools: this.pools,
      before: [],
      holdsLease: () => this.holdsLease,
      waiting: () => this.waiting,
      onGrown: () => {},
      onFailure: () => {},
      now: () => sim.now,
    });
    this.shared.start();
  }

  get holdsLease(): boolean {
    return this.#sim.now - this.renewedAt < leaseMs;
  }

  get pool() {
    const pool = this.pools.of(model);
    if (!pool) throw new Error('there is a pool');
    return pool;
  }

  /** As the scheduler does it: no call is leased while the lease of the router is lost. */
  call(): boolean {
    if (!this.holdsLease) return false;
    const lease = this.pool.lease(this.#sim.now);
    if (!lease) return false;
    this.running.push({ lease, leasedAt: this.#sim.now });
    return true;
  }

  /** The answer comes. `early`: the model was called at the beginning, and not just before the answer. */
  answered(early: boolean, tokens?: number): void {
    const one = this.running.shift();
    if (!one) return;
    const { now } = this.#sim;
    // While a router is stopped its agents still call, soon after the grant.
    const latest = one.leasedAt <= this.stoppedAt ? one.leasedAt + soonMs : now;
    this.#sim.calls.push({ router: this.id, at: early ? one.leasedAt : Math.min(now, latest) });
    this.pool.over(one.lease, now, tokens);
  }
}

/** Several routers that share one pool, on a clock that is turned by hand and an engine that loses and delays what it likes to. */
export class PoolCluster {
  now = 1_000_000;
  readonly calls: Call[] = [];
  readonly routers: SimRouter[] = [];
  readonly requests: Request[] = [];
  readonly rule: PoolRule;
  #stored: TableEntry | undefined;
  readonly #late: (() => unknown)[] = [];
  readonly #held: (() => void)[] = [];
  #born = 0;

  constructor(rule: PoolRule, routers: number) {
    this.rule = rule;
    for (let number = 0; number < routers; number++) this.start();
  }

  start(): SimRouter {
    const router = new SimRouter(this, `r${++this.#born}`, this.rule);
    this.routers.push(router);
    return router;
  }

  get up(): SimRouter[] {
    return this.routers.filter(({ isGone, isStopped }) => !isGone && !isStopped);
  }

  get runningAtOnce(): number {
    const isRunning = ({ leasedAt }: Running) => this.now - leasedAt < callMs;
    return this.routers.reduce((sum, { running }) => sum + running.filter(isRunning).length, 0);
  }

  seemsAlive(id: string, _viewer: SimRouter): boolean {
    const router = this.routers.find((one) => one.id === id);
    return router !== undefined && this.now - router.renewedAt < leaseMs;
  }

  stop(router: SimRouter): void {
    router.isStopped = true;
    router.stoppedAt = this.now;
  }

  /** Its calls were made by now: its agents lost it. */
  kill(router: SimRouter): void {
    router.isGone = true;
    for (const { leasedAt } of router.running.splice(0)) this.calls.push({ router: router.id, at: leasedAt });
    for (const one of this.requests.filter((request) => request.router === router)) this.#drop(one);
  }

  /** One tick of each router that runs; before that all have renewed their leases. */
  async tick(ms: number): Promise<void> {
    this.now += ms;
    for (const router of this.up) router.renewedAt = this.now;
    for (const router of this.up) router.shared.tick();
  }

  /** Seconds go by in which only these routers run, and in which nothing is lost. */
  async wait(seconds: number, routers: readonly SimRouter[]): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.now += 1_000;
      for (const router of routers) router.renewedAt = this.now;
      for (const router of routers) router.shared.tick();
      await this.calm();
    }
  }

  /** The engine handles a request of a router that runs. */
  async handle(index: number, fate: Fate): Promise<void> {
    const ready = this.requests.filter(({ router }) => !router.isStopped);
    const request = ready[index % Math.max(1, ready.length)];
    if (!request) return;
    this.#drop(request);
    const carriedOut = fate === 'answered' || fate === 'unanswered' ? request.carryOut() : undefined;
    if (fate === 'late') this.#late.push(request.carryOut);
    if (fate === 'held') {
      const value = request.carryOut();
      this.#held.push(() => request.resolve(value));
    } else if (fate === 'answered') request.resolve(carriedOut);
    else request.reject(new Error(fate));
    await settled();
  }

  /** The answers that were held come. */
  async answerHeld(): Promise<void> {
    for (const answer of this.#held.splice(0)) answer();
    await settled();
  }

  /** A request that its sender has given up is carried out. */
  carryOutLate(): void {
    this.#late.shift()?.();
  }

  /** The router hears of the oldest changes that it has not heard of. */
  async deliver(router: SimRouter, count: number): Promise<void> {
    for (const change of router.inbox.splice(0, count)) router.listener?.(change);
    await settled();
  }

  /** The router makes as many calls as it may, and more when its share has grown. Nothing is lost meanwhile. */
  async busy(router: SimRouter): Promise<void> {
    router.waiting = 50;
    for (let before = -1; before < router.running.length; ) {
      before = router.running.length;
      while (router.call());
      await this.calm();
      while (router.call());
    }
    await this.calm();
  }

  /** Everything is answered and delivered, until nothing is left to do. */
  async calm(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      await settled();
      if (this.requests.length === 0 && this.up.every(({ inbox }) => inbox.length === 0)) return;
      while (this.requests.some(({ router }) => !router.isStopped)) await this.handle(0, 'answered');
      for (const router of this.up) await this.deliver(router, router.inbox.length);
    }
  }

  tableOf(router: SimRouter): SharedTable {
    const ask = <T>(carryOut: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        this.requests.push({ router, carryOut, resolve: resolve as (value: unknown) => void, reject });
      });
    const write = (key: string, value: unknown): number => {
      const entry = { value: structuredClone(value), revision: (this.#stored?.revision ?? 0) + 1 };
      this.#stored = entry;
      for (const one of this.routers) one.inbox.push({ key, entry });
      return entry.revision;
    };
    return {
      incarnation: unsupported,
      get: () => ask(() => this.#stored),
      create: (key, value) => ask(() => (this.#stored ? undefined : write(key, value))),
      update: (key, value, revision) =>
        ask(() => (this.#stored?.revision === revision ? write(key, value) : undefined)),
      put: unsupported,
      delete: unsupported,
      watch: (listener) => {
        router.listener = listener;
        return Promise.resolve();
      },
    };
  }

  /** The most calls in any window, its ends included. */
  mostCallsInAWindow(windowMs = 60_000): number {
    const times = this.calls.map(({ at }) => at).sort((a, b) => a - b);
    let most = 0;
    let first = 0;
    for (const [index, at] of times.entries()) {
      while ((times[first] as number) < at - windowMs) first++;
      most = Math.max(most, index - first + 1);
    }
    return most;
  }

  #drop(request: Request): void {
    this.requests.splice(this.requests.indexOf(request), 1);
  }
}

/** Resolves when everything that follows from what has happened is done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
