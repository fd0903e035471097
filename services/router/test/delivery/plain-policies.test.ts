import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

const texts = (client: Plain) => client.connection.texts;
const said = (bench: RouterBench, id: string) =>
  bench.entries(id).flatMap((entry) => (entry.type === 'said' ? [`${entry.from}: ${entry.text}`] : []));
const last = (bench: RouterBench, id: string) => bench.entries(id).at(-1);
const deadline = limits().turnDeadlineMs;

describe('a plain client among agents', () => {
  it('the router bids for a plain client under volunteer, the higher the longer it was silent, and takes its answer', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const [ann, bob] = [bench.connect('ann'), bench.connect('bob')];
    await bench.open('c1', { members: ['ann', 'bob', 'pat'], policy: 'volunteer' });
    await bench.answer(ann);
    const bid = (replica: typeof ann, score: number) => {
      const turn = bench.turns(replica).at(-1);
      const answer = { type: 'bid', from: replica.name, turn: turn?.turn ?? 0, attempt: 1, score } as const;
      const { promise, resolve } = Promise.withResolvers();
      bench.router.bids.take('c1', answer, resolve);
      bench.router.scheduler.bidHeld('c1', answer);
      return promise;
    };
    await bid(bob, 60);
    await bench.settled();
    const scores = () =>
      bench.entries('c1').flatMap((entry) => (entry.type === 'bid' ? [[entry.from, entry.score]] : []));
    expect(scores()).toEqual([
      ['bob', 60],
      ['pat', 50],
    ]);
    await bench.answer(bob);
    await bid(ann, 60);
    await bench.settled();
    expect(scores().slice(2)).toEqual([
      ['ann', 60],
      ['pat', 100],
    ]);
    expect(texts(pat)).toEqual(['[ann] line 1\n[bob] line 4']);
    await pat.send('bob', 'Here I am.');
    expect(said(bench, 'c1').at(-1)).toBe('pat: Here I am.');
    expect(pat.codes).toEqual([]);
  });

  it('a plain client under volunteer owes no answer while its bid waits for those of the others', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'bob', 'pat'], policy: 'volunteer' });
    await bench.answer(ann);
    const state = () => bench.router.conversations.get('c1')!;
    expect(bench.router.waitReasons.of(state())).toEqual({ bob: 'absent' });
    expect(pat.session.mayBeSilent()).toBe(false);
    for (let i = 0; i < 6; i++) await bench.pass(deadline);
    expect(bench.types('c1')).toEqual(['opened', 'said']);
  });

  it('the bid of a plain client under volunteer uses no step of an operator', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'bob', 'pat'], policy: 'volunteer' });
    await bench.submit('c1', { type: 'resume', by: 'ops', lines: 2 });
    await bench.answer(ann);
    expect(texts(pat)).toEqual([]);
    expect(bench.turns(bench.connect('bob'))).toMatchObject([{ wanted: 'bid' }]);
  });

  it('a plain client as moderator names the next member, also one with which it talks in another conversation', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const bob = new Plain(bench, 'bob');
    bench.connect('ann');
    await pat.send('bob', 'elsewhere');
    await bench.open('c1', {
      by: 'pat',
      members: ['pat', 'ann', 'bob'],
      policy: 'moderator',
      moderator: 'pat',
      topic: 'tea',
    });
    await pat.send('ann', 'You first.');
    expect(said(bench, 'c1')).toEqual([]);
    pat.session.receive(JSON.stringify({ conversation: 'c1', target: 'bob', text: 'You first.' }));
    await bench.settled();
    expect(said(bench, 'c1')).toEqual(['pat: You first.']);
    expect(texts(bob)).toEqual(['elsewhere', 'You first.']);
    await bob.send('pat', 'Tea.');
    expect(said(bench, 'c1')).toEqual(['pat: You first.', 'bob: Tea.']);
    await pat.send('bob', 'And again.');
    expect(said(bench, 'c1').at(-1)).toBe('pat: And again.');
  });

  it('a plain client under mention is sent the messages so far when a text names it', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'bob', 'pat'], policy: 'mention' });
    const { turn } = bench.turns(ann)[0] ?? { turn: 0 };
    await bench.submit('c1', { type: 'say', from: 'ann', turn, attempt: 1, text: 'What do you say, @pat?' });
    expect(texts(pat)).toEqual(['What do you say, @pat?']);
    await pat.send('ann', 'Tea.');
    expect(said(bench, 'c1').at(-1)).toBe('pat: Tea.');
  });

  it('the turn of a plain client that does not answer lapses at the deadline, and onFailure applies', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', {
      members: ['ann', 'pat'],
      policy: 'addressed',
      limits: limits({ maxAttempts: 2, onFailure: 'skip' }),
    });
    await bench.answer(ann);
    expect(texts(pat)).toEqual(['line 1']);
    await bench.pass(deadline);
    expect(last(bench, 'c1')).toMatchObject({ type: 'lapsed', from: 'pat', cause: 'deadline' });
    expect(last(bench, 'c1')).toHaveProperty(
      'detail',
      expect.stringMatching(/within 1000 ms .turnDeadlineMs;/),
    );
    // It has the message already, and a late answer would still count.
    expect(texts(pat)).toEqual(['line 1']);
    await bench.pass(deadline);
    expect(last(bench, 'c1')).toMatchObject({ type: 'passed', from: 'pat', reason: 'timed-out' });
  });

  it('a plain client may answer in a later attempt', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'pat'] });
    await bench.answer(ann);
    await bench.pass(deadline);
    await pat.send('ann', 'at last');
    expect(said(bench, 'c1').at(-1)).toBe('pat: at last');
    expect(last(bench, 'c1')).toMatchObject({ turn: 2 });
  });

  it('a silent plain client ends no conversation that a plain client opened', async () => {
    const bench = new RouterBench();
    const [ann, bob] = [new Plain(bench, 'ann'), new Plain(bench, 'bob')];
    await ann.send('bob', 'hello');
    for (let i = 0; i < 10; i++) await bench.pass(deadline);
    await bob.send('ann', 'sorry, I slept');
    expect(texts(ann)).toEqual(['sorry, I slept']);
    expect([...ann.codes, ...bob.codes]).toEqual([]);
  });

  it.each(['addressed', 'round-robin'] as const)(
    'a plain client under %s is given its turn when a pause is over, and not earlier',
    async (policy) => {
      const bench = new RouterBench();
      const pat = new Plain(bench, 'pat');
      const [ann, cyd] = [bench.connect('ann'), new Plain(bench, 'cyd')];
      await bench.open('c1', { members: ['ann', 'pat'], policy, limits: limits({ paceMs: 5_000 }) });
      await bench.pass(5_000);
      await bench.answer(ann);
      expect(texts(pat)).toEqual([]);
      // What is said elsewhere does not wait for it.
      await cyd.send('pat', 'elsewhere');
      expect(texts(pat)).toEqual(['elsewhere']);
      await bench.submit('c1', { type: 'pause', by: 'ops' });
      await bench.pass(6_000);
      expect(texts(pat)).toEqual(['elsewhere']);
      await bench.submit('c1', { type: 'resume', by: 'ops' });
      await bench.pass(250);
      expect(texts(pat)).toEqual(['elsewhere', 'line 1']);
    },
  );

  it.each(['pause', 'seat'] as const)(
    'a plain client loses no turn to its deadline during a %s',
    async (how) => {
      const bench = new RouterBench();
      const pat = new Plain(bench, 'pat');
      const ann = bench.connect('ann');
      await bench.open('c1', { members: ['ann', 'pat'], policy: 'round-robin' });
      await bench.answer(ann);
      expect(texts(pat)).toEqual(['line 1']);
      if (how === 'pause') await bench.submit('c1', { type: 'pause', by: 'ops' });
      else await bench.submit('c1', { type: 'seat', who: 'pat', by: 'ops' });
      for (let i = 0; i < 12; i++) await bench.pass(deadline);
      expect(bench.entries('c1').filter(({ type }) => type === 'lapsed' || type === 'ended')).toEqual([]);
      if (how === 'pause') await bench.submit('c1', { type: 'resume', by: 'ops' });
      else await bench.submit('c1', { type: 'unseat', who: 'pat', by: 'ops' });
      await pat.send('ann', 'here I am');
      expect(said(bench, 'c1').at(-1)).toBe('pat: here I am');
    },
  );

  it('each plain client that asked an agent is sent the answer when several have asked', async () => {
    const bench = new RouterBench();
    const [pat, quin] = [new Plain(bench, 'pat'), new Plain(bench, 'quin')];
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'pat', 'quin'], policy: 'open' });
    await bench.answer(ann);
    for (const client of [pat, quin])
      client.session.receive(JSON.stringify({ conversation: 'c1', target: 'ann', text: 'And you?' }));
    await bench.settled();
    await bench.answer(ann);
    expect(texts(pat)).toEqual(texts(quin));
    expect(texts(pat)).toHaveLength(1);
  });

  it('a plain client that leaves a conversation of two is told that its leaving ended it', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat', { ack: true });
    await bench.open('c1', { members: ['ann', 'pat'] });
    pat.session.receive(JSON.stringify({ type: 'leave', conversation: 'c1' }));
    await bench.settled();
    expect(pat.connection.frames).toContainEqual({
      ...{ type: 'ended', conversation: 'c1', reason: 'agent-left' },
      detail: 'pat',
    });
  });

  it('a plain client is sent the answer that it asked for also when that ends the conversation, and before the ending', async () => {
    const bench = new RouterBench();
    const [pat, quin] = ['pat', 'quin'].map((name) => new Plain(bench, name, { ack: true })) as [
      Plain,
      Plain,
    ];
    const ann = bench.connect('ann');
    await bench.open('c1', {
      members: ['ann', 'pat', 'quin'],
      policy: 'open',
      limits: limits({ maxTurns: 4 }),
    });
    await bench.answer(ann);
    for (const client of [pat, quin])
      client.session.receive(JSON.stringify({ conversation: 'c1', target: 'ann', text: 'And you?' }));
    await bench.settled();
    await bench.answer(ann);
    expect(last(bench, 'c1')).toMatchObject({ type: 'ended', reason: 'max-turns' });
    for (const client of [pat, quin])
      expect(client.connection.frames.slice(-2).map(({ type }) => type)).toEqual(['message', 'ended']);
  });
});
