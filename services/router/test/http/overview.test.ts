import type { Entry, Overview } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { makeOverview, OverviewPage } from '../../src/http/pages/overview-page.ts';
import { Prices } from '../../src/quota/prices.ts';
import { limits } from '../core/talk.ts';
import { RouterBench } from '../router-harness.ts';

const minuteMs = 60_000;
const overviewOf = ({ router, ledger }: RouterBench): Promise<Overview> =>
  router.reads.run(makeOverview(router, ledger.port));

/** A member takes its turn, and its model call has used so many tokens and dollars. */
const pay = async (bench: RouterBench, id: string, tokens: number, cost = 0) => {
  const [turn] = bench.router.conversations.get(id)?.floor ?? [];
  if (!turn) throw new Error(`${id} has no floor`);
  const grant = bench.router.grants.at(id, turn.number);
  await bench.submit(id, {
    ...{
      type: 'say',
      from: turn.member,
      turn: turn.number,
      attempt: grant?.attempt,
      text: `turn ${turn.number}`,
    },
    usage: { inputTokens: tokens - 1, outputTokens: 1 },
    ...(cost > 0 && { cost }),
  });
};

describe('The overview', () => {
  it('The overview tells the turns of one member that wait for one reason once, from the oldest on, and no short wait', async () => {
    const bench = new RouterBench();
    await bench.open('first', { topic: 'Tea' });
    await bench.pass(10_000);
    await bench.open('second', { topic: 'Coffee' });
    expect(await overviewOf(bench)).toMatchObject({
      ...{ running: 2, paused: 0, total: 2, agents: 0, needed: 1 },
      needs: [{ type: 'wait', member: 'ann', reason: 'absent', conversation: 'first', turns: 1 }],
    });
    await bench.pass(3_000);
    const { needs, needed, at } = await overviewOf(bench);
    expect(needed).toBe(1);
    expect(needs).toEqual([
      {
        ...{ type: 'wait', member: 'ann', reason: 'absent', conversation: 'first', title: 'Tea' },
        ...{ since: at - 13_000, turns: 2 },
      },
    ]);
  });

  it('The overview has failures first, then seats, then waits, then budgets of which 80 % are used', async () => {
    const bench = new RouterBench({ prices: new Prices({ m: { input: 1, output: 1 } }) });
    const ann = bench.connect('ann', { capacity: 9 });
    const bob = bench.connect('bob', { capacity: 9 });
    await bench.open('seat');
    await bench.submit('seat', { type: 'seat', who: 'ann', by: 'boss' });
    const cast = ['ann', 'bob'].map((name) => ({ name, model: 'm' }));
    await bench.open('money', { cast, limits: limits({ maxCost: 1, maxTokensPerAgent: 1_000 }) });
    await pay(bench, 'money', 790, 0.5);
    await pay(bench, 'money', 810, 0.4);
    await bench.open('failing');
    await bench.submit('failing', { type: 'fail', detail: 'no price' });
    await bench.open('wait', { members: ['cid', 'ann'] });
    await bench.pass(5_000);
    const { needs } = await overviewOf(bench);
    expect(needs).toMatchObject([
      { type: 'failure', conversation: 'failing', ending: 'failed', detail: 'no price', title: 'ann, bob' },
      { type: 'seat', conversation: 'seat', member: 'ann', by: 'boss' },
      { type: 'wait', conversation: 'wait', member: 'cid', reason: 'absent' },
      { type: 'budget', conversation: 'money', budget: 'cost', used: 0.9, limit: 1 },
      { type: 'budget', conversation: 'money', budget: 'tokens', used: 810, limit: 1_000, member: 'bob' },
    ]);
    expect(needs[3]).not.toHaveProperty('member');
    for (const replica of [ann, bob]) await bench.drop(replica);
  });

  it('The overview tells that the router has paused a conversation, but not that an operator has', async () => {
    const bench = new RouterBench();
    bench.connect('ann');
    await bench.open('fast', { topic: 'Fast', limits: limits({ maxTokensPerMinute: 100 }) });
    await pay(bench, 'fast', 500);
    await bench.open('slow');
    await bench.submit('slow', { type: 'pause', by: 'boss' });
    const { needs, paused } = await overviewOf(bench);
    expect(paused).toBe(2);
    expect(needs).toEqual([
      {
        ...{ type: 'pause', conversation: 'fast', title: 'Fast', reason: 'velocity', since: bench.now },
        detail: expect.stringContaining('500 tokens in the last minute'),
      },
    ]);
  });

  it('The overview keeps the most urgent of many needs, and says how many there are', async () => {
    const bench = new RouterBench();
    for (let i = 0; i < 60; i++) {
      await bench.open(`c${i}`, { members: [`m${i}`, 'bob'] });
      await bench.pass(100);
    }
    await bench.pass(5_000);
    const { needs, needed } = await overviewOf(bench);
    expect(needed).toBe(60);
    expect(needs.map((need) => need.conversation)).toEqual(Array.from({ length: 50 }, (_, i) => `c${i}`));
  });

  it('The overview lists what runs with its last message, the newest first, cut to one line', async () => {
    const bench = new RouterBench();
    await bench.open('old', { topic: 'Old', opening: `one\ntwo ${'x'.repeat(500)}` });
    await bench.pass(1_000);
    await bench.open('new', { topic: 'New' });
    await bench.submit('new', { type: 'pause', by: 'boss' });
    const { talks, paused } = await overviewOf(bench);
    expect(paused).toBe(1);
    expect(talks).toMatchObject([
      { conversation: 'new', title: 'New', status: 'paused', turns: 0, floor: ['ann'] },
      { conversation: 'old', status: 'running', turns: 1, floor: ['bob'], last: { from: 'ann', seq: 2 } },
    ]);
    expect(talks[0]).not.toHaveProperty('last');
    expect(talks[1]?.last?.text).toMatch(/^one two x+…$/);
    expect(talks[1]?.last?.text.length).toBe(200);
  });

  it('The overview sums the turns, tokens and dollars of today and of each minute, also after a restart', async () => {
    const bench = new RouterBench();
    bench.connect('ann');
    bench.connect('bob');
    const opened: Entry = {
      ...{ type: 'opened', seq: 1, at: 1, by: 'x', members: ['x', 'y'], policy: 'round-robin', floor: ['x'] },
      limits: limits(),
    };
    // A day later, so that something is from yesterday.
    bench.now += 25 * 60 * minuteMs;
    const yesterday: Entry[] = [
      opened,
      {
        ...{ type: 'said', seq: 2, at: 2, turn: 1, from: 'x', text: 'then', floor: [] },
        usage: { inputTokens: 9, outputTokens: 9 },
      },
      { type: 'ended', seq: 3, at: 3, reason: 'operator' },
    ];
    await bench.ledger.kept.append([{ conversation: 'earlier', expectedSeq: 0, entries: yesterday }]);
    bench.restart();
    bench.connect('ann');
    bench.connect('bob');
    await bench.open('c', { limits: limits({ maxTurns: 3, turnDeadlineMs: 3_600_000 }) });
    await pay(bench, 'c', 100, 0.25);
    await bench.pass(2 * minuteMs);
    await pay(bench, 'c', 50);
    await pay(bench, 'c', 50);
    const sums = { turns: 3, inputTokens: 197, outputTokens: 3, cost: 0.25, ended: { 'max-turns': 1 } };
    const before = await overviewOf(bench);
    expect(before.today).toMatchObject(sums);
    expect(before.minutes.length).toBe(60);
    expect(before.minutes.slice(-3)).toMatchObject([
      { turns: 1, tokens: 100, cost: 0.25 },
      { turns: 0, tokens: 0, cost: 0, waitMs: 0, modelMs: 0 },
      { turns: 2, tokens: 100, cost: 0 },
    ]);
    expect(before.minutes.at(-1)?.modelMs).toBe(2 * minuteMs);
    bench.restart();
    const after = await overviewOf(bench);
    expect(after.today).toEqual({ ...before.today, since: 24 * 60 * minuteMs });
    expect(after.minutes.map(({ turns, tokens }) => [turns, tokens])).toEqual(
      before.minutes.map(({ turns, tokens }) => [turns, tokens]),
    );
  });

  it('The overview begins the sums again with the next day', async () => {
    const bench = new RouterBench();
    bench.connect('ann');
    await bench.open('c');
    await pay(bench, 'c', 100);
    expect((await overviewOf(bench)).today.turns).toBe(1);
    await bench.pass(25 * 60 * minuteMs);
    expect((await overviewOf(bench)).today).toMatchObject({ turns: 0, since: 24 * 60 * minuteMs });
  });

  it('The overview is made once in a second for all readers', async () => {
    const bench = new RouterBench();
    const page = new OverviewPage(bench.router, bench.ledger.port);
    const first = page.get();
    bench.now += 999;
    expect(page.get()).toBe(first);
    bench.now += 1;
    expect(page.get()).not.toBe(first);
    expect(JSON.parse(await first)).toMatchObject({ running: 0, needs: [] });
  });
});
