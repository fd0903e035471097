import { describe, expect, it } from 'vitest';
import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { openConversation } from '../../src/sessions/opening.ts';
import { limits } from '../core/talk.ts';
import type { FakeReplica, RouterBench } from '../router-harness.ts';
import { granted, SeveralRouters } from './several-routers.ts';

/** Answers each grant of a replica once, in the order in which they come. */
const answering = (bench: RouterBench, replica: FakeReplica) => {
  let answered = 0;
  return async () => {
    if (bench.turns(replica).length === answered) return;
    answered = bench.turns(replica).length;
    await bench.answer(replica);
  };
};

const authenticated = { authenticator: openAuthenticator, defaults: limits(), routerName: 'test' };

const make = async () => {
  const routers = new SeveralRouters();
  const a = routers.add('a');
  const b = routers.add('b');
  return { routers, a, b };
};

describe('two routers that hold one conversation together', () => {
  it('two routers hold a conversation whose members are connected to different routers, and both have the same state of it', async () => {
    const { routers, a, b } = await make();
    const ann = a.connect('ann');
    const bob = b.connect('bob');
    const annAnswers = answering(a, ann);
    const bobAnswers = answering(b, bob);
    await a.open('c1', { limits: limits({ maxTurns: 6 }) });
    await routers.until('the conversation ends', () => {
      void annAnswers();
      void bobAnswers();
      return routers.entries('c1').at(-1)?.type === 'ended';
    });
    expect(routers.entries('c1').map(({ type }) => type)).toEqual([
      'opened',
      ...Array.from({ length: 6 }, () => 'said'),
      'ended',
    ]);
    expect(granted(a, ann)).toEqual(['1.1', '3.1', '5.1']);
    expect(granted(b, bob)).toEqual(['2.1', '4.1', '6.1']);
    await routers.settle();
    expect(b.router.conversations.find('c1')).toEqual(a.router.conversations.find('c1'));
    expect([a.failures, b.failures]).toEqual([[], []]);
  });

  it('the turns of an agent with a replica on each router are granted once each, however fast each router is', async () => {
    const { routers, a, b } = await make();
    const replicas = [
      [a, a.connect('ann')],
      [a, a.connect('bob')],
      [b, b.connect('ann')],
      [b, b.connect('bob')],
    ] as const;
    const answers = replicas.map(([bench, replica]) => answering(bench, replica));
    for (const id of ['c1', 'c2', 'c3']) await a.open(id, { limits: limits({ maxTurns: 10 }) });
    await routers.until('all conversations end', () => {
      for (const answer of answers) void answer();
      return ['c1', 'c2', 'c3'].every((id) => routers.entries(id).at(-1)?.type === 'ended');
    });
    const grants = replicas.flatMap(([bench, replica]) =>
      bench.turns(replica).map(({ conversation, turn, attempt }) => `${conversation} ${turn}.${attempt}`),
    );
    expect(grants).toHaveLength(30);
    expect(new Set(grants).size).toBe(30);
    expect(replicas.map(([bench, replica]) => bench.turns(replica).length > 0)).toContain(true);
  });

  it('a turn that another router has granted waits for nothing, and counts for the step of an operator', async () => {
    const { routers, a, b } = await make();
    await a.open('c1');
    await routers.settle();
    const ann = a.connect('ann');
    await routers.until('ann has the turn', () => a.turns(ann).length === 1);
    const [onA, onB] = [a, b].map(({ router }) => {
      const state = router.conversations.get('c1');
      if (!state) throw new Error('c1 is unknown');
      return router.waitReasons.of(state);
    });
    expect([onA, onB]).toEqual([{}, {}]);
    const second = b.connect('ann');
    await routers.pass(500);
    expect(b.turns(second)).toEqual([]);
  });

  it('both routers decide one round after the other when two members speak at once', async () => {
    const { routers, a, b } = await make();
    await a.open('c1', { policy: 'open', members: ['ann', 'bob', 'cid'] });
    await routers.settle();
    const says = (bench: RouterBench, from: string, text: string) =>
      bench.submit('c1', { type: 'say', from, text, as: 'operator' });
    const outcomes = await Promise.all([
      ...Array.from({ length: 5 }, (_, n) => says(a, 'ann', `a${n}`)),
      ...Array.from({ length: 5 }, (_, n) => says(b, 'bob', `b${n}`)),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'done'));
    const texts = routers.entries('c1').flatMap((entry) => (entry.type === 'said' ? [entry.text] : []));
    expect(texts.toSorted()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'b0', 'b1', 'b2', 'b3', 'b4']);
    await routers.settle();
    expect(b.router.conversations.get('c1')).toEqual(a.router.conversations.get('c1'));
  });

  it('replicas of one agent that open the same conversation on two routers at once find one', async () => {
    const { routers, a, b } = await make();
    const told: unknown[] = [];
    const opens = (bench: RouterBench, members: readonly string[]) => {
      const setting = { ...authenticated, router: bench.router };
      const frame = { type: 'open', ref: 'r', members, resume: true, limits: limits() } as const;
      openConversation(bench.connect('ann'), frame, setting, (id, { kind }, resumed) =>
        told.push([id, kind, resumed ?? false]),
      );
    };
    opens(a, ['bob', 'cid']);
    opens(b, ['cid', 'bob']);
    await routers.until('both are told', () => told.length === 2);
    const [first, second] = told as [string, string, boolean][];
    expect(second?.[0]).toBe(first?.[0]);
    expect(told.map((one) => (one as unknown[]).slice(1)).toSorted()).toEqual([
      ['done', false],
      ['done', true],
    ]);
    expect([...a.router.conversations.running()]).toHaveLength(1);
  });
});
