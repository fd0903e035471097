import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { granted, SeveralRouters } from './several-routers.ts';

const lapses = (routers: SeveralRouters, id: string) =>
  routers.entries(id).flatMap((entry) => (entry.type === 'lapsed' ? [[entry.turn, entry.cause]] : []));

/** Router a has granted the first turn to ann; routers b and c know it. */
const withGrantOnA = async () => {
  const routers = new SeveralRouters();
  const [a, b, c] = ['a', 'b', 'c'].map((id) => routers.add(id)) as [
    ReturnType<SeveralRouters['add']>,
    ReturnType<SeveralRouters['add']>,
    ReturnType<SeveralRouters['add']>,
  ];
  const ann = a.connect('ann');
  await a.open('c1', { limits: limits({ turnDeadlineMs: 600_000 }) });
  await routers.until('ann has the turn', () => a.turns(ann).length === 1);
  return { routers, a, b, c, ann };
};

describe('turns of routers that are lost', () => {
  it('the turn of a dead router lapses once, and is granted to a replica of another router', async () => {
    const { routers, b, c } = await withGrantOnA();
    const second = b.connect('ann');
    await routers.pass(1_000);
    expect(b.turns(second)).toEqual([]);
    routers.kill('a');
    await routers.until('ann has the turn again', () => b.turns(second).length === 1);
    expect(granted(b, second)).toEqual(['1.2']);
    for (let left = 100; left > 0; left--) await routers.pass(100);
    expect(lapses(routers, 'c1')).toEqual([[1, 'gone']]);
    await b.answer(second);
    expect(routers.entries('c1').map(({ type }) => type)).toEqual(['opened', 'lapsed', 'said']);
    await routers.settle();
    expect(c.router.conversations.get('c1')).toEqual(b.router.conversations.get('c1'));
  });

  it('an agent continues its turn at another router when its own router has died', async () => {
    const { routers, b } = await withGrantOnA();
    routers.kill('a');
    const ann = b.connect('ann', { working: [{ conversation: 'c1', turn: 1 }] });
    const attempt = b.router.answers.match(ann, { conversation: 'c1', turn: 1 })?.attempt;
    expect(attempt).toBe(2);
    for (let left = 60; left > 0; left--) await routers.pass(100);
    expect(lapses(routers, 'c1')).toEqual([]);
    expect(b.turns(ann)).toEqual([]);
    const said = await b.submit('c1', { type: 'say', from: 'ann', turn: 1, attempt, text: 'done' });
    expect(said).toMatchObject({ kind: 'done', turn: 1 });
  });

  it('an agent that reconnects after its turn has lapsed and was granted again may still answer first', async () => {
    const { routers, b } = await withGrantOnA();
    const second = b.connect('ann');
    routers.kill('a');
    await routers.until('ann has the turn again', () => b.turns(second).length === 1);
    const ann = b.connect('ann', { working: [{ conversation: 'c1', turn: 1 }] });
    const attempt = b.router.answers.match(ann, { conversation: 'c1', turn: 1, attempt: 1 })?.attempt;
    expect(attempt).toBe(1);
    const said = await b.submit('c1', { type: 'say', from: 'ann', turn: 1, attempt, text: 'late' });
    expect(said).toMatchObject({ kind: 'done', turn: 1 });
    // The other answer is told the entry that was accepted.
    expect(await b.answer(second)).toMatchObject({ kind: 'done', seq: 3 });
    expect(routers.entries('c1').map(({ type }) => type)).toEqual(['opened', 'lapsed', 'said']);
  });

  it('a router that was suspended neither grants nor lapses a turn that other routers have handled', async () => {
    const { routers, a, b, ann } = await withGrantOnA();
    const second = b.connect('ann');
    routers.stopped.add('a');
    routers.network.leave('a');
    await routers.until('ann has the turn again', () => b.turns(second).length === 1);
    await b.answer(second);
    a.router.tick();
    await routers.settle();
    expect(await a.answer(ann)).toMatchObject({ kind: 'refused', code: 'unavailable' });
    routers.network.revive('a');
    routers.stopped.delete('a');
    // The answer to a turn that is taken is told the entry that was accepted.
    expect(await a.answer(ann)).toMatchObject({ kind: 'done', seq: 3 });
    await a.drop(ann);
    for (let left = 100; left > 0; left--) await routers.pass(100);
    expect(routers.entries('c1').map(({ type }) => type)).toEqual(['opened', 'lapsed', 'said']);
    expect(a.router.conversations.get('c1')).toEqual(b.router.conversations.get('c1'));
  });

  it('the agents of a router that shuts down properly have time to connect to another router before their turns lapse', async () => {
    const { routers, b } = await withGrantOnA();
    routers.stopped.add('a');
    routers.benches.delete('a');
    routers.network.leave('a', 'left');
    for (let left = 25; left > 0; left--) await routers.pass(100);
    expect(lapses(routers, 'c1')).toEqual([]);
    const ann = b.connect('ann', { working: [{ conversation: 'c1', turn: 1 }] });
    for (let left = 60; left > 0; left--) await routers.pass(100);
    expect(lapses(routers, 'c1')).toEqual([]);
    expect(b.router.answers.match(ann, { conversation: 'c1', turn: 1 })?.attempt).toBe(2);
  });

  it('the deadline of a conversation ends it once, also when its home does not act', async () => {
    const routers = new SeveralRouters();
    const benches = ['a', 'b', 'c'].map((id) => routers.add(id));
    await benches[0]?.open('c1', { limits: limits({ maxDurationMs: 5_000 }) });
    await routers.settle();
    const home = ['a', 'b', 'c'].find((id) => routers.benches.get(id)?.router.cluster?.isHome('c1'));
    routers.stopped.add(home ?? '');
    await routers.pass(5_100);
    expect(routers.entries('c1').map(({ type }) => type)).toEqual(['opened']);
    await routers.until('it ends', () => routers.entries('c1').at(-1)?.type === 'ended');
    await routers.pass(5_000);
    expect(routers.entries('c1').map(({ type }) => type)).toEqual(['opened', 'ended']);
  });
});
