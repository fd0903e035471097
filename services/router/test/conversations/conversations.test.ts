import { describe, expect, it } from 'vitest';
import { Openings } from '../../src/conversations/running/openings.ts';
import { LedgerDamage } from '../../src/ledger/damage.ts';
import { limits } from '../core/talk.ts';
import { RouterBench } from '../router-harness.ts';

const say = (from: string, text = 'a line', turn?: number) =>
  ({
    type: 'say',
    from,
    text,
    ...(turn !== undefined && { turn, attempt: 1 }),
  }) as const;

describe('conversations', () => {
  it('followers are told of commits in the order of the ledger, and of each commit in the order in which they were added', async () => {
    const bench = new RouterBench();
    const heard: string[] = [];
    for (const follower of ['first', 'second']) {
      bench.router.conversations.follow(follower, ({ after, entries, position }) =>
        heard.push(`${follower} ${after.id}@${position}: ${entries.map(({ seq }) => seq)}`),
      );
    }
    await Promise.all([bench.open('c1'), bench.open('c2')]);
    await bench.submit('c1', say('ann', 'a line', 1));
    expect(heard).toEqual([
      'first c1@1: 1',
      'second c1@1: 1',
      'first c2@2: 1',
      'second c2@2: 1',
      'first c1@3: 2',
      'second c1@3: 2',
    ]);
  });

  it('all commands of one event-loop iteration are appended together, in the order in which they came', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { policy: 'addressed' });
    const before = bench.ledger.appends;
    await Promise.all([
      bench.submit('c1', say('ann', 'one', 1)),
      bench.submit('c1', say('bob', 'two')),
      bench.submit('c1', say('ann', 'three')),
    ]);
    expect(bench.ledger.appends).toBe(before + 1);
    const texts = bench.entries('c1').flatMap((entry) => (entry.type === 'said' ? [entry.text] : []));
    expect(texts).toEqual(['one', 'two', 'three']);
  });

  it('an entry is told to followers and submitters only when it is durable', async () => {
    const bench = new RouterBench();
    let durable = 0;
    bench.router.conversations.follow('reader', ({ position }) => {
      durable = bench.ledger.kept.position();
      expect(position).toBeLessThanOrEqual(durable);
    });
    await bench.open('c1');
    expect(durable).toBe(1);
  });

  it('a conversation ends when its time is up, and the time of a pause does not count', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ maxDurationMs: 10_000 }) });
    await bench.pass(6_000);
    await bench.submit('c1', { type: 'pause', by: 'operator' });
    await bench.pass(60_000);
    await bench.submit('c1', { type: 'resume', by: 'operator' });
    await bench.pass(3_900);
    expect(bench.router.conversations.get('c1')?.status.state).toBe('running');
    await bench.pass(1_100);
    expect(bench.entries('c1').at(-1)).toMatchObject({ type: 'ended', reason: 'max-duration' });
  });

  it('all conversations have the same states after a restart', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    await bench.submit('c1', say('ann', 'a line', 1));
    await bench.open('c2');
    await bench.submit('c2', { type: 'end', by: 'operator' });
    const before = ['c1', 'c2'].map((id) => bench.router.conversations.find(id));
    bench.restart();
    expect(['c1', 'c2'].map((id) => bench.router.conversations.find(id))).toEqual(before);
    expect([...bench.router.conversations.running()].map(({ id }) => id)).toEqual(['c1']);
  });
});

describe('an open that resumes', () => {
  const found = (bench: RouterBench, by: string, ...members: string[]) =>
    bench.router.conversations.unfinished(by, members);

  it('an open with resume finds a running conversation of the same opener with exactly these members, in any order', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { members: ['ann', 'bob', 'carl'] });
    expect(found(bench, 'ann', 'carl', 'bob')).toBe('c1');
    expect(found(bench, 'ann', 'ann', 'bob', 'carl', 'bob')).toBe('c1');
    for (const members of [['bob'], ['carl'], ['bob', 'carl', 'dan'], ['bob', 'dan']])
      expect(found(bench, 'ann', ...members)).toBeUndefined();
    expect(found(bench, 'bob', 'ann', 'carl')).toBeUndefined();
  });

  it('an open with resume finds an equal conversation that is being opened at the same time', async () => {
    const bench = new RouterBench();
    const opened = bench.open('c1', { members: ['ann', 'bob', 'carl'] });
    expect(found(bench, 'ann', 'bob')).toBeUndefined();
    expect(found(bench, 'bob', 'ann', 'carl')).toBeUndefined();
    expect(found(bench, 'ann', 'carl', 'bob')).toBe('c1');
    await opened;
  });

  it('an open with resume finds its conversation when other members were added by a message, but not when one of its members has left', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { policy: 'addressed' });
    await bench.submit('c1', {
      type: 'say',
      from: 'ann',
      text: 'to carl',
      turn: 1,
      attempt: 1,
      target: 'carl',
    });
    expect(found(bench, 'ann', 'bob')).toBe('c1');
    expect(found(bench, 'ann', 'bob', 'carl')).toBeUndefined();
    await bench.submit('c1', { type: 'leave', who: 'bob' });
    expect(found(bench, 'ann', 'bob')).toBeUndefined();
    expect(found(bench, 'ann', 'carl')).toBeUndefined();
  });

  it('an open with resume looks at the conversations of the same opening only, however many its opener has', async () => {
    const bench = new RouterBench();
    const openings = new Openings();
    for (let i = 0; i < 50; i++) await bench.open(`c${i}`, { members: ['ann', `bob-${i % 25}`, 'carl'] });
    for (const state of bench.router.conversations.running()) openings.add(state);
    const asked = { by: 'ann', members: ['carl', 'bob-7', 'ann'] };
    expect([...openings.of(asked)]).toEqual(['c7', 'c32']);
    const ended = bench.router.conversations.get('c7');
    if (ended) openings.delete(ended);
    expect([...openings.of(asked)]).toEqual(['c32']);
    expect([...openings.of({ ...asked, by: 'carl' })]).toEqual([]);
  });

  it('an open with resume finds neither an ended conversation nor a fork', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const parent = await bench.stateAt('c1', 1);
    if (!parent) throw new Error('there is no parent');
    await bench.submit('c2', { type: 'fork', by: 'ann', parent, limits: limits() });
    await bench.submit('c1', { type: 'end', by: 'operator' });
    expect(found(bench, 'ann', 'bob')).toBeUndefined();
  });
});

describe('conversations whose ledger cannot be written', () => {
  it('a conversation whose ledger cannot be written refuses changes and keeps the state of the ledger', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const before = bench.router.conversations.get('c1');
    bench.ledger.isFull = true;
    expect(await bench.submit('c1', say('ann', 'a line', 1))).toMatchObject({ code: 'unavailable' });
    expect(await bench.open('c2')).toMatchObject({ code: 'unavailable' });
    expect(bench.router.conversations.get('c1')).toBe(before);
    expect(bench.router.conversations.find('c2')).toBeUndefined();
    expect(bench.router.conversations.entriesSince('c1', 0)).toEqual(bench.entries('c1'));
    expect(bench.failures).toHaveLength(1);
  });

  it('a conversation whose ledger cannot be written answers commands that change nothing', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const said = await bench.submit('c1', say('ann', 'a line', 1));
    bench.ledger.isFull = true;
    expect(await bench.submit('c1', say('ann', 'a line', 1))).toEqual(said);
    expect(await bench.submit('c1', say('ann', 'a line', 9))).toMatchObject({ code: 'stale-turn' });
    expect(await bench.submit('c9', say('ann'))).toMatchObject({ code: 'unknown-conversation' });
  });

  it('a conversation continues where it was when its ledger can be written again', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    bench.ledger.isFull = true;
    for (let i = 0; i < 3; i++) await bench.submit('c1', say('ann', 'a line', 1));
    bench.ledger.isFull = false;
    expect(await bench.submit('c1', say('ann', 'a line', 1))).toEqual({ kind: 'done', seq: 2, turn: 1 });
    expect(bench.types('c1')).toEqual(['opened', 'said']);
  });

  it('a ledger that cannot be written is logged at intervals and counted each time', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    bench.ledger.isFull = true;
    for (let i = 0; i < 5; i++) await bench.submit('c1', say('ann', 'a line', 1));
    expect(bench.failures).toHaveLength(1);
    bench.now += 60_000;
    await bench.submit('c1', say('ann', 'a line', 1));
    expect(bench.failures).toHaveLength(2);
    const metrics = await bench.router.metrics.registry.metrics();
    expect(metrics).toMatch(/^parley_ledger_failures_total 6$/m);
  });
});

describe('a conversation that is damaged', () => {
  it('a damaged conversation is hidden, and the others are shown', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    await bench.submit('c1', { type: 'end', by: 'operator' });
    await bench.open('c2');
    const { read } = bench.ledger.kept;
    bench.ledger.kept.read = (id, since, limit) => {
      if (id === 'c1') throw new LedgerDamage('ledger.sqlite', ['entry 1 of c1']);
      return read(id, since, limit);
    };
    bench.restart();
    expect(bench.router.conversations.find('c1')).toBeUndefined();
    expect(bench.router.conversations.find('c2')).toBeDefined();
    expect(await bench.submit('c1', say('ann'))).toMatchObject({ code: 'unknown-conversation' });
    expect(bench.failures[0]).toBeInstanceOf(LedgerDamage);
  });

  it('a damaged conversation that still runs keeps the router from starting', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    bench.ledger.kept.read = () => {
      throw new LedgerDamage('ledger.sqlite', ['entry 1 of c1']);
    };
    expect(() => bench.restart()).toThrow(/ledger.sqlite is damaged: entry 1 of c1/);
  });
});

describe('a conversation to which another process has appended', () => {
  it('a conversation to which another process has appended is read again from the ledger, and the command is decided on that', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const theirs = { type: 'paused', seq: 2, at: bench.now, by: 'another' } as const;
    await bench.ledger.kept.append([{ conversation: 'c1', expectedSeq: 1, entries: [theirs] }]);
    expect(await bench.submit('c1', say('ann', 'a line', 1))).toMatchObject({ kind: 'done', seq: 3 });
    expect(bench.router.conversations.get('c1')).toMatchObject({ seq: 3, status: { state: 'paused' } });
  });
});
