import type { Entry } from '@parley/protocol';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { markDocumentOf } from '../../src/ledger/mark-documents.ts';
import type { RouterOptions } from '../../src/router.ts';
import { type FakeReplica, RouterBench } from '../router-harness.ts';
import { MemoryNetwork, SharedLedger } from './memory-cluster.ts';

/** Enough event-loop iterations for everything that is under way to come to an end. */
const iterations = 60;
const mostTicks = 2_000;

/** Routers in one process that share a ledger in memory, with clocks that the test moves. */
export class SeveralRouters {
  readonly ledger = new SharedLedger();
  readonly network = new MemoryNetwork();
  readonly benches = new Map<string, RouterBench>();
  /** Of routers that are stopped: they do nothing by themselves. */
  readonly stopped = new Set<string>();

  add(id: string, options: Partial<RouterOptions> = {}): RouterBench {
    const cluster = this.network.join(id);
    const ledger = this.ledger.port(() => this.stopped.has(id));
    const trouble = () => (this.stopped.has(id) ? 'the lease of this router has run out' : undefined);
    const bench = new RouterBench({
      ledger: { ...ledger, ...this.#marks(ledger), trouble },
      cluster,
      later: (act) => void setImmediate(act),
      ...options,
    });
    this.benches.set(id, bench);
    return bench;
  }

  /** As `add`. Resolves when the router knows what the others share, as one that is about to listen. */
  async start(id: string, options: Partial<RouterOptions> = {}): Promise<RouterBench> {
    const bench = this.add(id, options);
    await bench.router.sharing?.start();
    return bench;
  }

  /** Marks are written to the table of all routers, as a ledger in a stream does. */
  #marks({ mark }: Ledger): Pick<Ledger, 'mark'> {
    return {
      mark: (moved) => {
        mark(moved);
        const all = [...this.ledger.kept.marks()];
        for (const key of new Set([...moved.keys()].map(markDocumentOf))) {
          const marks = Object.fromEntries(all.filter(([name]) => markDocumentOf(name) === key));
          void this.network.table('marks').put(key, { marks });
        }
      },
    };
  }

  /** The process is killed: its connections are gone, and its lease is over. */
  kill(id: string): void {
    this.benches.delete(id);
    this.stopped.add(id);
    this.network.leave(id);
  }

  async settle(): Promise<void> {
    for (let left = iterations; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Time goes by on all routers that run. */
  async pass(ms: number): Promise<void> {
    this.ledger.hear();
    for (const [id, bench] of this.benches) {
      bench.now += ms;
      if (!this.stopped.has(id)) bench.router.tick();
    }
    await this.settle();
  }

  /** Lets time go by until something is true. */
  async until(what: string, isTrue: () => boolean): Promise<void> {
    for (let left = mostTicks; left > 0; left--) {
      if (isTrue()) return;
      await this.pass(100);
    }
    throw new Error(`it did not come to this: ${what}`);
  }

  entries(id: string): Entry[] {
    return this.ledger.kept.read(id, 0, Number.MAX_SAFE_INTEGER);
  }
}

/** The turns that a replica was granted, as `turn.attempt`. */
export const granted = (bench: RouterBench, replica: FakeReplica): string[] =>
  bench.turns(replica).map(({ turn, attempt }) => `${turn}.${attempt}`);
