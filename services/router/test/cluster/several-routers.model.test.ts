import fc from 'fast-check';
import { expect, it } from 'vitest';
import { testSeed } from '../../../../tests/harness/test-seed.ts';
import { limits } from '../core/talk.ts';
import type { FakeReplica, RouterBench } from '../router-harness.ts';
import { SeveralRouters } from './several-routers.ts';

const runs = Number(process.env.MODEL_RUNS ?? 60);
const maxTurns = 12;
const ids = ['c1', 'c2'];
const names = ['ann', 'bob'];
const startedAt = 1_000_000;
/** The wall clocks of the routers differ by these times. */
const skews = [0, 60_000, -60_000];

type Act =
  | { readonly type: 'answer'; readonly at: number }
  | { readonly type: 'move'; readonly at: number; readonly to: number }
  | { readonly type: 'kill'; readonly at: number }
  | { readonly type: 'stop'; readonly at: number }
  | { readonly type: 'pass'; readonly ms: number };

const index = fc.nat({ max: 20 });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('answer' as const), at: index }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('move' as const), at: index, to: index }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('kill' as const), at: index }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('stop' as const), at: index }) },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(0, 100, 600) }),
  },
);

interface Connected {
  readonly bench: RouterBench;
  readonly replica: FakeReplica;
  /** How many of its grants it has dealt with. */
  done: number;
}

/** Two conversations, two replicas of each member, and three routers at first; a router that is killed is replaced. */
class Run {
  readonly routers = new SeveralRouters();
  peers: Connected[] = [];
  #started = 0;
  #passed = 0;

  async begin(): Promise<void> {
    const benches = [this.#start(), this.#start(), this.#start()];
    for (const [at, bench] of benches.entries())
      for (const name of names) if (at < 2) this.#connect(bench, name);
    for (const id of ids)
      await benches[0]?.open(id, { limits: limits({ maxTurns, maxAttempts: 1_000, turnDeadlineMs: 4_000 }) });
    await this.routers.settle();
  }

  async do(one: Act): Promise<void> {
    const peer = this.peers[('at' in one ? one.at : 0) % this.peers.length] as Connected;
    const [id] = [...this.routers.benches].find(([, bench]) => bench === peer.bench) ?? [];
    switch (one.type) {
      case 'answer':
        return this.#answer(peer);
      case 'move': {
        const benches = [...this.routers.benches.values()];
        return this.#move(peer, benches[one.to % benches.length] as RouterBench);
      }
      case 'kill':
        if (id !== undefined) await this.#lose(id, () => this.routers.kill(id));
        return undefined;
      case 'stop':
        // It is away for longer than its lease, and then goes on with what it believes.
        if (id === undefined || this.routers.stopped.has(id)) return undefined;
        this.routers.stopped.add(id);
        this.routers.network.leave(id);
        for (let left = 30; left > 0; left--) await this.#pass(100);
        this.routers.network.revive(id);
        this.routers.stopped.delete(id);
        return undefined;
      case 'pass':
        return this.#pass(one.ms);
    }
  }

  #pass(ms: number): Promise<void> {
    this.#passed += ms;
    return this.routers.pass(ms);
  }

  isOver(): boolean {
    return ids.every((id) => this.routers.entries(id).at(-1)?.type === 'ended');
  }

  #start(): RouterBench {
    const skew = skews[++this.#started % skews.length] as number;
    const now = () => startedAt + this.#passed;
    return this.routers.add(`r${this.#started}`, { clock: { monotonic: now, wall: () => now() + skew } });
  }

  #connect(bench: RouterBench, name: string, working: { conversation: string; turn: number }[] = []): void {
    const replica = bench.connect(name, { capacity: 2, working });
    this.peers.push({ bench, replica, done: 0 });
  }

  async #answer(peer: Connected): Promise<void> {
    const turn = peer.bench.turns(peer.replica)[peer.done];
    if (!turn) return;
    const attempt = peer.bench.router.answers.match(peer.replica, turn)?.attempt;
    const { conversation, turn: number } = turn;
    const text = `turn ${number}`;
    const outcome = await peer.bench.submit(conversation, {
      ...{ type: 'say', from: peer.replica.name, turn: number, attempt, text },
    });
    if (outcome.kind === 'done' || outcome.code !== 'unavailable') peer.done++;
  }

  /** The peer connects to another router, with the turns that it has not answered. */
  async #move(peer: Connected, to: RouterBench): Promise<void> {
    const working = peer.bench
      .turns(peer.replica)
      .slice(peer.done)
      .map(({ conversation, turn }) => ({ conversation, turn }));
    peer.replica.connection.isOpen = false;
    peer.bench.router.presence.leaveAgent(peer.replica);
    this.peers = this.peers.filter((one) => one !== peer);
    this.#connect(to, peer.replica.name, working);
    await this.routers.settle();
  }

  async #lose(id: string, kill: () => void): Promise<void> {
    const lost = this.routers.benches.get(id);
    kill();
    const next = this.#start();
    for (const peer of this.peers.filter(({ bench }) => bench === lost)) await this.#move(peer, next);
  }
}

it(`several routers lose, double and reorder no turn when routers die, are suspended, and agents move (PARLEY_SEED=${testSeed})`, {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 20, maxLength: 80 }), async (acts) => {
      const run = new Run();
      await run.begin();
      for (const one of acts) if (!run.isOver()) await run.do(one);
      for (let left = 3_000; left > 0 && !run.isOver(); left--) {
        for (let at = 0; at < run.peers.length; at++) await run.do({ type: 'answer', at });
        await run.do({ type: 'pass', ms: 100 });
      }
      expect(run.isOver()).toBe(true);
      await run.routers.settle();
      for (const id of ids) {
        const entries = run.routers.entries(id);
        expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, at) => at + 1));
        const turns = entries.flatMap((entry) => (entry.type === 'said' ? [entry.turn] : []));
        expect(turns).toEqual(Array.from({ length: maxTurns }, (_, at) => at + 1));
        for (const bench of run.routers.benches.values()) {
          expect(bench.router.conversations.find(id)).toMatchObject({ seq: entries.length });
          expect(bench.failures).toEqual([]);
          expect(bench.router.grants.count).toBe(0);
        }
      }
    }),
    { numRuns: runs },
  );
});
