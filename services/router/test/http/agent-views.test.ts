import { describe, expect, it } from 'vitest';
import { agentPageOf } from '../../src/http/pages/agent-views.ts';
import { limits } from '../core/talk.ts';
import { FakeConnection, RouterBench } from '../router-harness.ts';

const pageOf = ({ router }: RouterBench, { limit = 100, after = '', away = false } = {}) =>
  agentPageOf(router, { limit, after, away });

describe('The page of agents', () => {
  it('The page of agents has the turns, times and faults of each replica and of its name', async () => {
    const bench = new RouterBench();
    const first = bench.connect('ann');
    bench.connect('bob');
    await bench.open('c', { limits: limits({ maxAttempts: 9, turnDeadlineMs: 60_000 }) });
    await bench.pass(4_000);
    await bench.answer(first);
    const second = bench.connect('ann');
    const bob = [...bench.router.presence.replicasOf('bob')][0] as typeof first;
    await bench.pass(1_000);
    await bench.answer(bob);
    const holder = bench.router.grants.countOf(first) > 0 ? first : second;
    await bench.pass(2_000);
    await bench.answer(holder, { reason: 'model-unavailable' });
    const { agents } = pageOf(bench);
    expect(agents[0]).toMatchObject({
      ...{ name: 'ann', dialect: 'v1', replicas: 2, capacity: 2, turns: 1, faults: 1, meanMs: 4_000 },
      lastFault: { cause: 'model-unavailable', conversation: 'c' },
    });
    const sums = (agents[0]?.each ?? []).map(({ turns, faults }) => [turns, faults]);
    expect(sums.reduce(([a = 0, b = 0], [c = 0, d = 0]) => [a + c, b + d], [0, 0])).toEqual([1, 1]);
    expect(agents[1]).toMatchObject({ name: 'bob', turns: 1, faults: 0, meanMs: 1_000 });
    expect(agents[1]).not.toHaveProperty('lastFault');
  });

  it('The page of agents shows an open breaker, and the trial after its pause', async () => {
    const bench = new RouterBench();
    const ann = bench.connect('ann');
    for (let i = 0; i < 5; i++) bench.router.breakers.failed(ann);
    const breaker = () => pageOf(bench).agents[0]?.each?.[0]?.breaker;
    expect(breaker()).toBe('open');
    await bench.pass(60_000);
    expect(breaker()).toBe('trial');
  });

  it('The page of agents lists an agent that is away only when it is asked for, page by page', async () => {
    const bench = new RouterBench();
    const [ann] = ['ann', 'bob', 'cid'].map((name) => bench.connect(name));
    await bench.open('c', { members: ['ann', 'bob'] });
    await bench.drop(ann as NonNullable<typeof ann>);
    expect(pageOf(bench).agents.map(({ name }) => name)).toEqual(['bob', 'cid']);
    const page = pageOf(bench, { limit: 2, away: true });
    expect(page).toMatchObject({
      agents: [
        { name: 'ann', replicas: 0, awaySince: bench.now, lastFault: { cause: 'gone' } },
        { name: 'bob' },
      ],
      next: '/v1/agents?limit=2&after=bob&away=1',
    });
    expect(page.agents[1]).not.toHaveProperty('awaySince');
    bench.connect('ann');
    expect(pageOf(bench, { away: true }).agents[0]).not.toHaveProperty('awaySince');
  });

  it('A message of a person in the seat of an agent is no turn of the agent', async () => {
    const bench = new RouterBench();
    bench.connect('ann');
    await bench.open('c');
    await bench.submit('c', { type: 'seat', who: 'ann', by: 'boss' });
    await bench.submit('c', { type: 'say', from: 'ann', text: 'I', as: { seat: 'boss' } });
    expect(bench.types('c')).toEqual(['opened', 'seated', 'said']);
    expect(pageOf(bench).agents[0]).toMatchObject({ name: 'ann', turns: 0 });
  });

  it('The page of agents has at most 512 KiB and one agent, and its pages have every agent once', () => {
    const bench = new RouterBench();
    const names = Array.from({ length: 30 }, (_, i) => `crowd-${String(i).padStart(2, '0')}`);
    for (const name of names)
      for (let replica = 0; replica < 100; replica++)
        bench.router.presence.joinAgent({
          ...{ name, connection: new FakeConnection(), capacity: 1, model: 'm'.repeat(200) },
        });
    const seen: string[] = [];
    let pages = 0;
    for (let after = ''; ; pages++) {
      const page = pageOf(bench, { limit: 1_000, after });
      seen.push(...page.agents.map(({ name }) => name));
      expect(JSON.stringify(page).length).toBeLessThan(512 * 1024 + 50_000);
      if (page.next === undefined) break;
      after = seen.at(-1) ?? '';
    }
    expect(seen).toEqual(names);
    expect(pages).toBeGreaterThan(0);
  });
});
