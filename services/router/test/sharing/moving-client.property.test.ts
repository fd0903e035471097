import fc from 'fast-check';
import { expect, it } from 'vitest';
import { testSeed } from '../../../../tests/harness/test-seed.ts';
import { SeveralRouters } from '../cluster/several-routers.ts';
import { Plain } from '../plain-client.ts';
import type { RouterBench } from '../router-harness.ts';

const runs = Number(process.env.MODEL_RUNS ?? 60);

type Act =
  | { readonly type: 'send'; readonly over: number }
  | { readonly type: 'come'; readonly to: number }
  | { readonly type: 'go'; readonly orderly: boolean }
  | { readonly type: 'confirm' }
  | { readonly type: 'pass' }
  | { readonly type: 'kill' };

const place = fc.nat({ max: 2 });
const quiet: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('send' as const), over: place }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('come' as const), to: place }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('go' as const), orderly: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('confirm' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const) }) },
);
const deadly: fc.Arbitrary<Act> = fc.oneof(
  { weight: 9, arbitrary: quiet },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('kill' as const) }) },
);

/** One connection of bob. */
interface Visit {
  readonly client: Plain;
  readonly bench: RouterBench;
  /** The texts that bob had confirmed before it came. */
  readonly known: ReadonlySet<string>;
}

/** Ann writes to bob over any router; bob moves between three, and confirms some of what it is sent. */
class Run {
  readonly routers = new SeveralRouters();
  readonly sent: string[] = [];
  readonly confirmed = new Set<string>();
  readonly visits: Visit[] = [];
  #places: RouterBench[] = [];
  #started = 0;
  #isThere = false;

  async begin(): Promise<void> {
    for (let at = 0; at < 3; at++) this.#places.push(await this.#start());
    for (const [at, bench] of this.#places.entries()) await this.#arrive(bench, `ann-${at}`);
  }

  async do(act: Act): Promise<void> {
    const bob = this.visits.at(-1);
    switch (act.type) {
      case 'send': {
        const text = `message ${this.sent.length}`;
        this.sent.push(text);
        const says = this.#writers.get(this.#places[act.over] as RouterBench) as Plain;
        says.say('bob', text);
        return this.routers.settle();
      }
      case 'come': {
        const bench = this.#places[act.to] as RouterBench;
        const known = new Set(this.confirmed);
        const client = await this.#arrive(bench, 'bob');
        this.visits.push({ client, bench, known });
        this.#isThere = true;
        return undefined;
      }
      case 'go':
        if (!bob || !this.#isThere) return undefined;
        this.#isThere = false;
        // Closed in order, a client has read all that it was sent.
        if (act.orderly) for (const text of bob.client.connection.texts) this.confirmed.add(text);
        bob.client.leave({ orderly: act.orderly });
        return this.routers.settle();
      case 'confirm': {
        await this.routers.pass(1_000);
        if (!bob || !this.#isThere) return undefined;
        for (const text of bob.client.connection.texts) this.confirmed.add(text);
        bob.client.session.ponged(bob.client.connection.pings);
        return this.routers.settle();
      }
      case 'pass':
        return this.routers.pass(1_000);
      case 'kill': {
        // Not the one to which bob is connected: that is lost with what it had confirmed there in the last second.
        const at = this.#places.findIndex((bench) => bench !== bob?.bench);
        const [id] = [...this.routers.benches].find(([, bench]) => bench === this.#places[at]) ?? [];
        if (id === undefined) return undefined;
        await this.routers.pass(1_000);
        this.routers.kill(id);
        await this.routers.settle();
        const next = await this.#start();
        this.#places[at] = next;
        await this.#arrive(next, `ann-${at}`);
        return undefined;
      }
    }
  }

  /** The texts that bob got in all, and those that it got although it had confirmed them before. */
  result(): { readonly got: ReadonlySet<string>; readonly again: readonly string[] } {
    const texts = this.visits.map(({ client, known }) => ({ texts: client.connection.texts, known }));
    return {
      got: new Set(texts.flatMap((visit) => visit.texts)),
      again: texts.flatMap((visit) => visit.texts.filter((text) => visit.known.has(text))),
    };
  }

  readonly #writers = new Map<RouterBench, Plain>();

  async #start(): Promise<RouterBench> {
    const [other] = this.routers.benches.values();
    const bench = await this.routers.start(`r${++this.#started}`);
    if (other) bench.now = other.now;
    return bench;
  }

  async #arrive(bench: RouterBench, name: string): Promise<Plain> {
    const client = new Plain(bench, name);
    await client.session.entering;
    if (name !== 'bob') this.#writers.set(bench, client);
    await this.routers.settle();
    return client;
  }
}

const check = (acts: fc.Arbitrary<Act>) =>
  fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 5, maxLength: 40 }), async (list) => {
      const run = new Run();
      await run.begin();
      for (const one of list) await run.do(one);
      await run.do({ type: 'come', to: 0 });
      await run.routers.pass(1_000);
      const { got, again } = run.result();
      expect([...got].toSorted()).toEqual(run.sent.toSorted());
      expect(again).toEqual([]);
      for (const { client } of run.visits) {
        const numbers = client.connection.texts.map((text) => Number(text.split(' ')[1]));
        expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
      }
    }),
    { numRuns: runs },
  );

it(
  `a plain client that moves between routers gets each message, in order, and nothing again that it has confirmed (PARLEY_SEED=${testSeed})`,
  { timeout: 300_000 },
  () => check(quiet),
);

it(
  `a plain client that moves between routers gets each message while other routers die (PARLEY_SEED=${testSeed})`,
  { timeout: 300_000 },
  () => check(deadly),
);
