import { describe, expect, it } from 'vitest';
import { agentPageOf } from '../../src/http/pages/agent-views.ts';
import { SeveralRouters } from '../cluster/several-routers.ts';
import { limits } from '../core/talk.ts';
import type { RouterBench } from '../router-harness.ts';

const two = async () => {
  const all = new SeveralRouters();
  return { all, a: await all.start('A'), b: await all.start('B') };
};

const reasonsOf = ({ router }: RouterBench, id: string) => {
  const state = router.conversations.get(id);
  if (!state) throw new Error(`${id} is unknown`);
  return router.waitReasons.of(state);
};

describe('members that are connected to different routers', () => {
  it('a conversation gathers members of several routers, and begins when the last one has connected to any of them', async () => {
    const { all, a, b } = await two();
    const ann = a.connect('ann');
    await a.open('c', { limits: limits({ gatherMs: 600_000 }) });
    await all.pass(1_000);
    expect([a.turns(ann), reasonsOf(a, 'c'), reasonsOf(b, 'c')]).toEqual([
      [],
      { ann: 'gathering' },
      { ann: 'gathering' },
    ]);
    b.connect('bob');
    await all.until('the conversation begins', () => a.turns(ann).length === 1);
  });

  it('a member of another router is not absent, and is when that router has died', async () => {
    const { all, a, b } = await two();
    b.connect('bob');
    const ann = a.connect('ann');
    await all.settle();
    await a.open('c', { limits: limits({ absentMs: 20_000, maxTurns: 4, onFailure: 'end' }) });
    await all.until('ann has the turn', () => a.turns(ann).length === 1);
    await a.answer(ann);
    await all.settle();
    expect(reasonsOf(a, 'c')).toEqual({});
    all.kill('B');
    await all.until('bob is absent', () => reasonsOf(a, 'c').bob === 'absent');
    await all.until('the conversation ends', () => a.router.conversations.get('c') === undefined);
    expect(all.entries('c').at(-1)).toMatchObject({ type: 'ended', reason: 'absent' });
  });

  it('the agents of all routers are on the page of each, with what they have done', async () => {
    const { all, a, b } = await two();
    const ann = a.connect('ann');
    const bob = b.connect('bob', { capacity: 3 });
    await all.settle();
    await a.open('c', { limits: limits({ maxTurns: 2 }) });
    await all.until('ann has the turn', () => a.turns(ann).length === 1);
    // As a session submits it: with the time that the replica took.
    await a.submit('c', { type: 'say', from: 'ann', turn: 1, attempt: 1, text: 'hello', tookMs: 40 });
    await all.until('bob has the turn', () => b.turns(bob).length === 1);
    const page = (bench: RouterBench) =>
      agentPageOf(bench.router, { limit: 10, after: '', away: false }).agents;
    const views = page(a);
    expect(views).toMatchObject([
      { name: 'ann', turns: 1, each: [{ router: 'A', capacity: 1, active: 0, turns: 1 }] },
      { name: 'bob', capacity: 3, each: [{ router: 'B', capacity: 3 }] },
    ]);
    expect(page(b).map(({ name, turns }) => [name, turns])).toEqual([
      ['ann', 1],
      ['bob', 0],
    ]);
  });
});
