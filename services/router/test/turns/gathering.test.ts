import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { RouterBench } from '../router-harness.ts';

const members = ['ann', 'bob', 'cid'];
const patient = limits({ gatherMs: 10_000 });
const waits = ({ router }: RouterBench) => router.waitReasons.of(router.conversations.get('c1')!);
const last = (bench: RouterBench) => bench.entries('c1').at(-1);

describe('a conversation that gathers its members', () => {
  it('no turn is granted before all members are connected, in whatever order they connect', async () => {
    const bench = new RouterBench();
    const ann = bench.connect('ann');
    await bench.open('c1', { members, limits: patient });
    const bob = bench.connect('bob');
    await bench.pass(5_000);
    expect(bench.turns(ann)).toEqual([]);
    expect(waits(bench)).toEqual({ ann: 'gathering' });
    bench.connect('cid');
    await bench.pass(100);
    expect(bench.turns(ann)).toHaveLength(1);
    expect(waits(bench)).toEqual({});
    await bench.answer(ann);
    expect(bench.turns(bob)).toHaveLength(1);
  });

  it('a conversation whose members do not all connect in time ends and names the missing members', async () => {
    const bench = new RouterBench();
    bench.connect('ann');
    await bench.open('c1', { members, limits: patient });
    await bench.pass(9_999);
    expect(last(bench)).toMatchObject({ type: 'opened' });
    await bench.pass(1);
    expect(last(bench)).toMatchObject({ type: 'ended', reason: 'absent', detail: 'bob, cid', by: 'bob' });
    expect(bench.types('c1')).toEqual(['opened', 'ended']);
  });

  it('a conversation begins without missing members, or goes on waiting for them, where onFailure says so', async () => {
    const skip = new RouterBench();
    const ann = skip.connect('ann');
    await skip.open('c1', { members, limits: limits({ gatherMs: 10_000, onFailure: 'skip' }) });
    await skip.pass(10_000);
    expect(skip.turns(ann)).toHaveLength(1);
    const retry = new RouterBench();
    const late = retry.connect('ann');
    await retry.open('c1', { members, limits: limits({ gatherMs: 10_000, onFailure: 'retry' }) });
    await retry.pass(60_000);
    expect(retry.types('c1')).toEqual(['opened']);
    for (const name of ['bob', 'cid']) retry.connect(name);
    await retry.pass(100);
    expect(retry.turns(late)).toHaveLength(1);
  });

  it('gathering also holds back the turn after an opening message', async () => {
    const bench = new RouterBench();
    const bob = bench.connect('bob');
    await bench.open('c1', { members, opening: 'Shall we begin?', limits: patient });
    await bench.pass(5_000);
    expect(bench.turns(bob)).toEqual([]);
    for (const name of ['ann', 'cid']) bench.connect(name);
    await bench.pass(100);
    expect(bench.turns(bob)).toHaveLength(1);
  });

  it('a conversation gathers once: a member that disconnects later is absent, and the others go on', async () => {
    const bench = new RouterBench();
    const [ann, bob, cid] = members.map((name) => bench.connect(name));
    await bench.open('c1', { members, limits: patient });
    await bench.pass(100);
    await bench.answer(ann!);
    await bench.drop(cid!);
    await bench.pass(60_000);
    expect(bench.turns(bob!).length).toBeGreaterThan(0);
    expect(bench.router.conversations.get('c1')?.status.state).toBe('running');
  });

  it('a seated member counts as connected, and the time of a pause does not count', async () => {
    const bench = new RouterBench();
    const ann = bench.connect('ann');
    await bench.open('c1', { limits: patient });
    await bench.submit('c1', { type: 'pause', by: 'operator' });
    await bench.pass(60_000);
    await bench.submit('c1', { type: 'resume', by: 'operator' });
    await bench.pass(9_999);
    await bench.submit('c1', { type: 'seat', who: 'bob', by: 'operator' });
    await bench.pass(100);
    expect(bench.turns(ann)).toHaveLength(1);
  });

  it('after a restart gathering goes on with its earlier start, and a conversation that began does not gather again', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { members, limits: patient });
    await bench.open('c2', { limits: patient });
    const [ann] = ['ann', 'bob'].map((name) => bench.connect(name, { capacity: 2 }));
    await bench.pass(6_000);
    await bench.answer(ann!);
    bench.restart();
    const bob = bench.connect('bob');
    await bench.pass(100);
    expect(bench.turns(bob).map(({ conversation }) => conversation)).toEqual(['c2']);
    await bench.pass(3_900);
    expect(last(bench)).toMatchObject({ type: 'ended', reason: 'absent', detail: 'ann, cid' });
  });

  it('the limit for one absent member does not end gathering sooner', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ gatherMs: 10_000, absentMs: 1_000 }) });
    for (let i = 0; i < 9; i++) await bench.pass(1_000);
    expect(bench.types('c1')).toEqual(['opened']);
    const [ann] = members.map((name) => bench.connect(name));
    await bench.pass(100);
    expect(bench.turns(ann!)).toHaveLength(1);
  });
});
