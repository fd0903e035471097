import type { ClientFrame } from '@parley/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Outcome } from '../../src/conversations/conversations.ts';
import type { Conversation } from '../../src/core/conversation.ts';
import { evolve } from '../../src/core/evolve.ts';
import { Prices } from '../../src/quota/prices.ts';
import { takeAnswer } from '../../src/sessions/answer.ts';
import { limits, Talk } from '../core/talk.ts';
import { type FakeReplica, RouterBench } from '../router-harness.ts';

const members = ['ann', 'bob', 'cid', 'dan'];
const cast = members.map((name) => ({ name, model: 'm' }));
const usage = { inputTokens: 30, outputTokens: 20, model: 'm' };

interface Round {
  readonly bench: RouterBench;
  /** One per member, each asked for a bid but ann, who has just spoken. */
  readonly replicas: Record<string, FakeReplica>;
}

const rounds = async (some: Parameters<typeof limits>[0] = {}, ids = ['c1']): Promise<Round> => {
  const bench = new RouterBench({ prices: new Prices({ m: { input: 1_000, output: 1_000 } }) });
  const replicas = Object.fromEntries(members.map((name) => [name, bench.connect(name)]));
  for (const id of ids) {
    await bench.open(id, { members, policy: 'volunteer', cast, limits: limits(some) });
    await bench.answer(replicas.ann as FakeReplica);
  }
  return { bench, replicas };
};

/** The member answers what it was asked last; undefined until it is told what became of that. */
const answer = (
  { bench, replicas }: Round,
  name: string,
  how: { readonly score: number } | Pick<Extract<ClientFrame, { type: 'pass' }>, 'reason'>,
  more: object = {},
) => {
  const replica = replicas[name] as FakeReplica;
  const { conversation, turn } = bench.turns(replica).at(-1) as { conversation: string; turn: number };
  const told: { outcome?: Outcome } = {};
  const place = { conversation, turn, ...more };
  const frame =
    'score' in how ? { type: 'bid' as const, ...how, ...place } : { type: 'pass' as const, ...how, ...place };
  takeAnswer(replica, frame, bench.router, (outcome) => {
    told.outcome = outcome;
  });
  return told;
};
const bids = (bench: RouterBench, id = 'c1') =>
  bench.entries(id).flatMap((entry) => (entry.type === 'bid' ? [`${entry.from} ${entry.score}`] : []));

it('bids are written in the order of the floor, not in the order in which they came, and acknowledged when they are written', async () => {
  const ledger = async (order: readonly string[], apart: boolean) => {
    const round = await rounds();
    const told = new Map<string, { outcome?: Outcome }>();
    for (const name of order) {
      const how = name === 'cid' ? { reason: 'nothing-to-say' as const } : { score: name === 'dan' ? 70 : 5 };
      told.set(name, answer(round, name, how, { usage }));
      if (apart) await round.bench.settled();
      const standing = bids(round.bench).length;
      expect([...told.values()].filter(({ outcome }) => outcome).length).toBe(standing);
    }
    await round.bench.settled();
    expect([...told.values()].every(({ outcome }) => outcome?.kind === 'done')).toBe(true);
    expect(round.bench.turns(round.replicas.dan as FakeReplica).at(-1)?.wanted).toBeUndefined();
    return round.bench.entries('c1');
  };
  const first = await ledger(['bob', 'cid', 'dan'], true);
  expect(first.slice(2)).toMatchObject([
    { type: 'bid', from: 'bob', score: 5, usage, cost: 0.05 },
    { type: 'bid', from: 'cid', score: 0, usage },
    { type: 'bid', from: 'dan', score: 70, usage, floor: ['dan'] },
  ]);
  expect(first.slice(2, 4).some((entry) => 'floor' in entry)).toBe(false);
  const orders = fc.shuffledSubarray(['bob', 'cid', 'dan'], { minLength: 3 });
  await fc.assert(
    fc.asyncProperty(orders, fc.boolean(), async (order, apart) => {
      expect(await ledger(order, apart)).toEqual(first);
    }),
    { seed: 47, numRuns: 30 },
  );
});

it('a bid that waits for its place keeps no replica from other turns', async () => {
  const round = await rounds({}, ['c1', 'c2']);
  const { bench, replicas } = round;
  const dan = replicas.dan as FakeReplica;
  expect(bench.turns(dan)).toMatchObject([{ conversation: 'c1' }]);
  answer(round, 'dan', { score: 9 });
  await bench.settled();
  expect(bench.turns(dan)).toMatchObject([{ conversation: 'c1' }, { conversation: 'c2' }]);
});

it('a bid that waits for its place is kept when its connection ends or its deadline passes', async () => {
  const round = await rounds({ maxAttempts: 1, onFailure: 'skip' });
  const { bench, replicas } = round;
  answer(round, 'dan', { score: 9 });
  await bench.drop(replicas.dan as FakeReplica);
  await bench.pass(1_000);
  expect(bids(bench)).toEqual(['bob 0', 'cid 0', 'dan 9']);
  const lapsed = bench.entries('c1').filter((entry) => entry.type === 'lapsed');
  expect(lapsed.map(({ from, cause }) => [from, cause])).toEqual([
    ['bob', 'deadline'],
    ['cid', 'deadline'],
  ]);
});

it('a bid that waits for its place is not lost with the router: it is placed again, or asked for again', async () => {
  for (const kept of [true, false]) {
    const { bench, replicas } = await rounds();
    const { turn } = bench.turns(replicas.dan as FakeReplica).at(-1) as { turn: number };
    answer({ bench, replicas }, 'dan', { score: 9 });
    await bench.settled();
    bench.restart();
    const place = { conversation: 'c1', turn };
    const dan = bench.connect('dan', { working: kept ? [place] : [] });
    expect(bench.turns(dan)).toHaveLength(kept ? 0 : 1);
    const done = () => {};
    takeAnswer(dan, { type: 'bid', ...place, score: 9 }, bench.router, done);
    const again = { bench, replicas: { bob: bench.connect('bob'), cid: bench.connect('cid') } };
    answer(again, 'cid', { score: 3 });
    answer(again, 'bob', { score: 2 });
    await bench.settled();
    expect(bids(bench)).toEqual(['bob 2', 'cid 3', 'dan 9']);
  }
});

it('bids that wait for their place are written when the router drains', async () => {
  const round = await rounds();
  const { bench } = round;
  const early = answer(round, 'dan', { score: 9 });
  await bench.settled();
  expect(early.outcome).toBeUndefined();
  bench.router.scheduler.drain();
  bench.router.bids.leave();
  const later = answer(round, 'cid', { score: 3 });
  await bench.settled();
  expect(bids(bench)).toEqual(['dan 9', 'cid 3']);
  expect([early.outcome?.kind, later.outcome?.kind]).toEqual(['done', 'done']);
});

it('bids that the ledger cannot take are written as soon as it can', async () => {
  const round = await rounds();
  const { bench } = round;
  const told = ['dan', 'cid'].map((name, score) => answer(round, name, { score }));
  bench.ledger.isFull = true;
  told.push(answer(round, 'bob', { score: 7 }));
  await bench.settled();
  expect(bids(bench)).toEqual([]);
  bench.ledger.isFull = false;
  await bench.pass(1);
  expect(bids(bench)).toEqual(['bob 7', 'cid 1', 'dan 0']);
  expect(told.every(({ outcome }) => outcome?.kind === 'done')).toBe(true);
});

it('a later bid for the same turn replaces one that waits, which is refused with the reason', async () => {
  const round = await rounds();
  const [one, two] = [answer(round, 'dan', { score: 9 }), answer(round, 'dan', { score: 8 })];
  expect(one.outcome).toMatchObject({ kind: 'refused', code: 'stale-turn' });
  for (const name of ['cid', 'bob']) answer(round, name, { score: 1 });
  await round.bench.settled();
  expect(bids(round.bench)).toEqual(['bob 1', 'cid 1', 'dan 8']);
  expect(two.outcome?.kind).toBe('done');
});

it('a bid whose turn is not open any more is refused with the reason', async () => {
  const round = await rounds();
  const [cids, dans] = [answer(round, 'cid', { score: 9 }), answer(round, 'dan', { score: 9 })];
  await round.bench.submit('c1', { type: 'leave', who: 'dan' });
  expect(dans.outcome).toMatchObject({ kind: 'refused', code: 'not-your-turn' });
  await round.bench.submit('c1', { type: 'end', by: 'op' });
  expect(cids.outcome).toMatchObject({ kind: 'refused', code: 'conversation-ended' });
});

it('a bid that waits for its place does not stand in the way of a step', async () => {
  const { bench, replicas } = await rounds();
  for (const name of ['bob', 'dan']) await bench.drop(replicas[name] as FakeReplica);
  await bench.submit('c1', { type: 'resume', by: 'op', lines: 1 });
  answer({ bench, replicas }, 'cid', { score: 9 });
  const again = { bench, replicas: { bob: bench.connect('bob'), dan: bench.connect('dan') } };
  answer(again, 'bob', { score: 1 });
  await bench.settled();
  answer(again, 'dan', { score: 1 });
  await bench.settled();
  expect(bids(bench)).toEqual(['bob 1', 'cid 9', 'dan 1']);
});

it.each([
  ['bids', { maxCost: 0.1 }, 'cost-budget', { score: 0 }],
  ['bids', { maxTokens: 100 }, 'token-budget', { score: 0 }],
  ['passed bids', { maxCost: 0.1 }, 'cost-budget', { reason: 'declined' }],
  ['failed turns', { maxTokensPerAgent: 50 }, 'token-budget', { reason: 'empty-reply' }],
] as const)('what %s cost counts for %o', async (_, some, reason, how) => {
  const round = await rounds(some);
  const { bench } = round;
  answer(round, 'bob', how, { usage });
  await bench.settled();
  if ('maxTokensPerAgent' in some) {
    expect(bench.entries('c1').at(-2)).toMatchObject({ type: 'lapsed', usage, cost: 0.05 });
  } else {
    expect(bench.router.conversations.get('c1')?.spent).toEqual({
      inputTokens: 30,
      outputTokens: 20,
      cost: 0.05,
    });
    answer(round, 'cid', how, { usage });
    await bench.settled();
  }
  expect(bench.entries('c1').at(-1)).toMatchObject({ type: 'ended', reason });
  expect(await bench.router.metrics.registry.metrics()).toMatch(
    /parley_tokens_total\{direction="input"\} (30|60)\n/,
  );
});

it('a round of bids takes the ledger less than twice what its members take, however many they are', async () => {
  const bytesOf = async (count: number) => {
    const all = Array.from({ length: count }, (_, i) => `member-${'x'.repeat(48)}-${100 + i}`);
    const bench = new RouterBench();
    await bench.open('c1', {
      members: all,
      policy: 'volunteer',
      opening: 'x',
      limits: limits({ absentMs: 1 }),
    });
    for (let i = 0; i < 3; i++) await bench.pass(1_000);
    const entries = bench.entries('c1');
    expect(entries.at(-1)).toMatchObject({ type: 'ended', reason: 'absent' });
    const bidding = entries.filter(({ type }) => type === 'bid');
    expect(bidding).toHaveLength(count - 1);
    return JSON.stringify(bidding).length;
  };
  const few = await bytesOf(16);
  expect(await bytesOf(250)).toBeLessThan((few * 250) / 14);
  expect(few / 15).toBeLessThan(200);
});

it('a ledger in which each bid wrote down who is left to bid reads as it did', () => {
  const talk = new Talk({ members, policy: 'volunteer' });
  talk.say('hello');
  const before = talk.state as Conversation;
  const bid = { type: 'bid', at: 2_000, turn: 2, from: 'bob', score: 5 } as const;
  const written = evolve(before, { ...bid, seq: 3, floor: ['cid', 'dan'], bidding: true }, 'c1');
  expect(written).toEqual(evolve(before, { ...bid, seq: 3 }, 'c1'));
  const left = { type: 'left', at: 2_000, seq: 3, who: 'cid' } as const;
  expect(evolve(before, { ...left, floor: ['bob', 'dan'], bidding: true }, 'c1')).toEqual(
    evolve(before, left, 'c1'),
  );
});
