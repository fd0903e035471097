import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';
import { saidBy, TargetAgent, talk } from './target-agent.ts';

describe('agents whose targets lead back to the opener', () => {
  const circle = ['ann>ben', 'ben>cat', 'cat>ann'];

  it('agents whose targets form a ring speak in the order of the ring, by their targets alone', async () => {
    const bench = new RouterBench();
    const ring = [
      new TargetAgent(bench, 'ann', 'ben'),
      new TargetAgent(bench, 'ben', 'cat'),
      new TargetAgent(bench, 'cat', 'ann'),
    ];
    ring[0]?.open(['ben']);
    await bench.settled();
    await talk(ring, 4);
    expect(saidBy(bench, 'ann').slice(0, 6)).toEqual([...circle, ...circle]);
  });

  /** Agents of a ring register one by one, some seconds apart; the first of the ring opens as soon as it has registered. */
  const ringOf = async (size: number, order: readonly number[], pauseMs: number) => {
    const bench = new RouterBench();
    const names = Array.from({ length: size }, (_, place) => `agent-${place}`);
    const agents: TargetAgent[] = [];
    for (const place of order) {
      const [name = '', next = ''] = [names[place], names[(place + 1) % size]];
      const agent = new TargetAgent(bench, name, next);
      agents.push(agent);
      if (place === 0) agent.open([next]);
      await bench.settled();
      await talk(agents, 1);
      await bench.pass(pauseMs);
      await talk(agents, 1);
    }
    // In each of these rounds at least one agent answers.
    for (let round = 0; round < 2 * size && saidBy(bench, 'agent-0').length < 2 * size; round++)
      await talk(agents, 1);
    const circle = names.map((name, place) => `${name}>${names[(place + 1) % size]}`);
    return { said: saidBy(bench, 'agent-0').slice(0, 2 * size), circle };
  };

  it.each([[[0, 1, 2]], [[0, 2, 1]], [[1, 0, 2]], [[1, 2, 0]], [[2, 0, 1]], [[2, 1, 0]]])(
    'three agents of a ring go round from the first message on when they register in the order %j',
    async (order) => {
      const { said, circle } = await ringOf(3, order, 4_000);
      expect(said).toEqual([...circle, ...circle]);
    },
  );

  it('ten agents of a ring go round from the first message on, in whatever order they register', async () => {
    const places = Array.from({ length: 10 }, (_, place) => place);
    const order = fc.shuffledSubarray(places, { minLength: 10, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(order, async (one) => {
        const { said, circle } = await ringOf(10, one, 2_000);
        expect(said).toEqual([...circle, ...circle]);
      }),
      { seed: 20261126, numRuns: 50 },
    );
  });

  it('a ring whose last agent registers late goes round from then on', async () => {
    const { said, circle } = await ringOf(3, [0, 1, 2], 60_000);
    const [first = '', second = '', third = ''] = circle;
    expect(said.slice(0, 2)).toEqual([first, 'agent-1>agent-0']);
    const closed = said.indexOf(second);
    expect(said.slice(closed - 1, closed + 2)).toEqual([first, second, third]);
  });

  it('a ring of targets works although its last agent registers shortly after the first message', async () => {
    const bench = new RouterBench();
    const ann = new TargetAgent(bench, 'ann', 'ben');
    const ben = new TargetAgent(bench, 'ben', 'cat');
    ann.open(['ben']);
    await bench.settled();
    await talk([ann, ben], 2);
    const cat = new TargetAgent(bench, 'cat', 'ann');
    await bench.pass(250);
    await talk([ben, cat, ann], 2);
    expect(saidBy(bench, 'ann').slice(0, 6)).toEqual([...circle, ...circle]);
  });

  it('a ring of targets works while one of its agents is disconnected, and after a restart of the router', async () => {
    const bench = new RouterBench();
    let ring = [
      new TargetAgent(bench, 'ann', 'ben'),
      new TargetAgent(bench, 'ben', 'cat'),
      new TargetAgent(bench, 'cat', 'ann'),
    ];
    ring[0]?.open(['ben']);
    await bench.settled();
    await ring[0]?.answer();
    ring[2]?.session.closed();
    await ring[1]?.answer();
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>cat']);
    bench.restart();
    ring = [new TargetAgent(bench, 'cat', 'ann'), new TargetAgent(bench, 'ann', 'ben')];
    await talk(ring, 2);
    const ben = new TargetAgent(bench, 'ben', 'cat');
    await bench.pass(250);
    await talk([ben, ...ring], 2);
    expect(saidBy(bench, 'ann').slice(0, 5)).toEqual([...circle, 'ann>ben', 'ben>cat']);
  });

  it('a ring of targets may contain a plain client that names its target at its registration', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat', { target: 'ann' });
    const agents = [new TargetAgent(bench, 'ann', 'ben'), new TargetAgent(bench, 'ben', 'pat')];
    agents[0]?.open(['ben']);
    await bench.settled();
    await talk(agents, 2);
    expect(pat.connection.frames).toMatchObject([{ type: 'message', from: 'ben', target: 'pat' }]);
    await pat.send('ann', 'on we go');
    expect(saidBy(bench, 'ann')).toEqual(['ann>ben', 'ben>pat', 'pat>ann']);
  });

  it('targets count also under policy open, unless the text names a member', async () => {
    const bench = new RouterBench();
    const pair = [new TargetAgent(bench, 'ann', 'ben'), new TargetAgent(bench, 'ben', 'ann')];
    pair[0]?.open(['ben', 'cat'], { policy: 'open' });
    await bench.settled();
    await talk(pair, 2);
    expect(saidBy(bench, 'ann').slice(0, 3)).toEqual(['ann>ben', 'ben>ann', 'ann>ben']);
  });
});
