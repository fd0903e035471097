import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { type FakeReplica, RouterBench } from '../router-harness.ts';

const placesOf = (bench: RouterBench, replica: FakeReplica): string[] =>
  bench.turns(replica).map(({ conversation, turn, attempt }) => `${conversation}#${turn}/${attempt}`);

describe('grants', () => {
  it('a turn waits for a replica, and its grant carries all entries that the replica has not been sent', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const ann = bench.connect('ann');
    expect(bench.turns(ann)).toMatchObject([
      { conversation: 'c1', turn: 1, attempt: 1, deadlineMs: 1_000, entries: [{ type: 'opened' }] },
    ]);
    const bob = bench.connect('bob');
    await bench.answer(ann);
    await bench.answer(bob);
    expect(
      bench
        .turns(ann)
        .at(-1)
        ?.entries.map(({ seq }) => seq),
    ).toEqual([2, 3]);
  });

  it('no turn is granted to a connection that is closing', async () => {
    const bench = new RouterBench();
    const closing = bench.connect('ann');
    closing.connection.isOpen = false;
    await bench.open('c1');
    expect(bench.router.grants.count).toBe(0);
    expect(placesOf(bench, bench.connect('ann'))).toEqual(['c1#1/1']);
  });

  it('grants never exceed the capacity of a replica', async () => {
    const bench = new RouterBench();
    const ann = bench.connect('ann', { capacity: 2 });
    for (const id of ['c1', 'c2', 'c3', 'c4']) await bench.open(id);
    expect(placesOf(bench, ann)).toEqual(['c1#1/1', 'c2#1/1']);
    await bench.answer(ann);
    expect(placesOf(bench, ann)).toEqual(['c1#1/1', 'c2#1/1', 'c3#1/1']);
    expect(bench.router.grants.count).toBe(2);
  });

  it('a turn is granted to the replica with the fewest turns under way', async () => {
    const bench = new RouterBench();
    const [one, two] = [bench.connect('ann', { capacity: 9 }), bench.connect('ann', { capacity: 9 })];
    for (let i = 0; i < 6; i++) await bench.open(`c${i}`);
    expect([one, two].map((replica) => bench.router.grants.countOf(replica))).toEqual([3, 3]);
  });

  it('a turn is granted to the replica that knows the conversation', async () => {
    const bench = new RouterBench();
    const first = bench.connect('ann', { capacity: 9 });
    const bob = bench.connect('bob', { capacity: 9 });
    await bench.open('c1');
    const second = bench.connect('ann', { capacity: 9 });
    for (let i = 0; i < 3; i++) {
      await bench.answer(first);
      await bench.answer(bob);
    }
    expect(bench.turns(first)).toHaveLength(4);
    expect(bench.turns(second)).toHaveLength(0);
  });

  it('a grant lapses at its deadline and the turn is granted to another replica', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const slow = bench.connect('ann');
    const other = bench.connect('ann');
    await bench.pass(999);
    expect(bench.turns(other)).toHaveLength(0);
    await bench.pass(1);
    expect(placesOf(bench, other)).toEqual(['c1#1/2']);
    expect(bench.entries('c1').at(-1)).toMatchObject({
      ...{ type: 'lapsed', turn: 1, cause: 'deadline' },
      detail: 'no answer within 1000 ms (turnDeadlineMs; its default is ROUTER_TURN_DEADLINE_SECONDS)',
    });
    // The first valid answer wins, from any replica.
    expect(await bench.answer(slow)).toMatchObject({ kind: 'done', seq: 3 });
    expect(await bench.answer(other)).toMatchObject({ kind: 'done', seq: 3 });
    expect(bench.types('c1')).toEqual(['opened', 'lapsed', 'said']);
  });

  it('a grant lapses when the connection of its replica ends', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const first = bench.connect('ann');
    await bench.drop(first);
    expect(bench.entries('c1').at(-1)).toMatchObject({ type: 'lapsed', cause: 'gone' });
    expect(placesOf(bench, bench.connect('ann'))).toEqual(['c1#1/2']);
  });

  it('a replica that reconnects and still works on its turn keeps the turn', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    await bench.drop(bench.connect('ann'));
    const back = bench.connect('ann', { working: [{ conversation: 'c1', turn: 1 }] });
    expect(bench.turns(back)).toEqual([]);
    expect(bench.router.grants.at('c1', 1)?.replica).toBe(back);
    expect(
      await bench.submit('c1', { type: 'say', from: 'ann', turn: 1, attempt: 2, text: 'at last' }),
    ).toMatchObject({
      kind: 'done',
    });
  });

  it('a replica that takes over and still works on its turn keeps the turn, whatever attempt its answer names', async () => {
    const bench = new RouterBench({ duplicates: 'takeover' });
    await bench.open('c1');
    const old = bench.connect('ann');
    const back = bench.connect('ann', { working: [{ conversation: 'c1', turn: 1 }] });
    await bench.settled();
    expect(old.connection.closedBy).toBe('taken-over');
    expect(bench.turns(back)).toEqual([]);
    expect(bench.router.grants.at('c1', 1)?.replica).toBe(back);
    const place = { conversation: 'c1', turn: 1 };
    expect(bench.router.answers.match(back, { ...place, attempt: 1 })?.attempt).toBe(2);
    expect(bench.router.answers.match(old, place)?.attempt).toBe(1);
    const pass = { type: 'pass', from: 'ann', turn: 1, attempt: 2, reason: 'model-unavailable' } as const;
    await bench.submit('c1', pass);
    await bench.pass(5_000);
    expect(bench.types('c1')).toEqual(['opened', 'lapsed', 'lapsed']);
    expect(placesOf(bench, back)).toEqual(['c1#1/3']);
  });

  it('a replica that reconnects with its turn is sent the ending of the conversation', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    await bench.drop(bench.connect('ann'));
    const back = bench.connect('ann', { working: [{ conversation: 'c1', turn: 1 }] });
    await bench.submit('c1', { type: 'end', by: 'operator' });
    expect(back.connection.frames).toMatchObject([{ type: 'ended', conversation: 'c1', reason: 'operator' }]);
  });

  it('a replica that claims the turn of another member is not given it', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const bob = bench.connect('bob', { working: [{ conversation: 'c1', turn: 1 }] });
    expect(bench.router.grants.countOf(bob)).toBe(0);
    expect(placesOf(bench, bench.connect('ann'))).toEqual(['c1#1/1']);
  });

  it('a turn is granted again after a growing pause when the model fails, until the attempts are used up', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: limits({ maxAttempts: 3 }) });
    const ann = bench.connect('ann');
    await bench.answer(ann, { reason: 'model-unavailable' });
    await bench.pass(499);
    expect(bench.turns(ann)).toHaveLength(1);
    await bench.pass(1);
    expect(placesOf(bench, ann).at(-1)).toBe('c1#1/2');
    await bench.answer(ann, { reason: 'model-unavailable' });
    await bench.pass(999);
    expect(bench.turns(ann)).toHaveLength(2);
    await bench.pass(1);
    await bench.answer(ann, { reason: 'model-unavailable' });
    expect(bench.entries('c1').at(-1)).toMatchObject({ type: 'ended', reason: 'failed' });
  });

  it('no turn is granted while the conversation is paused', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    await bench.submit('c1', { type: 'pause', by: 'operator' });
    const ann = bench.connect('ann');
    await bench.pass(5_000);
    expect(bench.turns(ann)).toEqual([]);
    await bench.submit('c1', { type: 'resume', by: 'operator' });
    expect(placesOf(bench, ann)).toEqual(['c1#1/1']);
  });

  it('a router that drains grants no turn, and its grants do not lapse', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    await bench.open('c2');
    const ann = bench.connect('ann');
    bench.router.scheduler.drain();
    expect(await bench.answer(ann)).toMatchObject({ kind: 'done' });
    const bob = bench.connect('bob');
    expect([bench.turns(ann).length, bench.turns(bob).length]).toEqual([1, 0]);
    await bench.drop(ann);
    expect([...bench.types('c1'), ...bench.types('c2')]).not.toContain('lapsed');
  });

  it('after a restart turns are granted from the ledger alone', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    await bench.answer(bench.connect('ann'));
    bench.restart();
    expect(placesOf(bench, bench.connect('bob'))).toEqual(['c1#2/1']);
  });
});

describe('grants while the ledger cannot be written', () => {
  it('a grant stays until its answer can be written, and no turn is lost', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    const ann = bench.connect('ann');
    const bob = bench.connect('bob');
    bench.ledger.isFull = true;
    expect(await bench.answer(ann)).toMatchObject({ code: 'unavailable' });
    expect(bench.router.grants.at('c1', 1)?.replica).toBe(ann);
    bench.ledger.isFull = false;
    expect(await bench.answer(ann)).toMatchObject({ kind: 'done', seq: 2 });
    expect(placesOf(bench, bob)).toEqual(['c1#2/1']);
  });

  it('a grant that lapses while the ledger cannot be written is granted again as soon as the lapse is written', async () => {
    const bench = new RouterBench();
    await bench.open('c1');
    await bench.open('c2');
    const ann = bench.connect('ann', { capacity: 2 });
    bench.ledger.isFull = true;
    await bench.pass(1_000);
    await bench.drop(ann);
    const other = bench.connect('ann', { capacity: 2 });
    await bench.pass(5_000);
    expect(bench.turns(other)).toEqual([]);
    bench.ledger.isFull = false;
    await bench.pass(100);
    expect(placesOf(bench, other)).toEqual(['c1#1/2', 'c2#1/2']);
    expect(bench.types('c1')).toEqual(['opened', 'lapsed']);
  });
});

describe('a replica that keeps failing', () => {
  const failed = async (bench: RouterBench, ann: FakeReplica, times: number) => {
    for (let i = 0; i < times; i++) {
      await bench.answer(ann, { reason: 'model-unavailable' });
      await bench.pass(30_000);
    }
  };
  const patient = limits({ maxAttempts: 100, onFailure: 'retry', turnDeadlineMs: 600_000 });
  const open = async (bench: RouterBench): Promise<number> =>
    Number(/^parley_breakers_open (\d+)$/m.exec(await bench.router.metrics.registry.metrics())?.[1]);

  it('a replica that keeps failing is granted nothing for a pause, then one turn as a trial, and is counted in the metrics', async () => {
    const bench = new RouterBench();
    const ann = bench.connect('ann', { capacity: 4 });
    await bench.open('c1', { limits: patient });
    await failed(bench, ann, 4);
    expect(await open(bench)).toBe(0);
    await bench.answer(ann, { reason: 'model-unavailable' });
    expect(await open(bench)).toBe(1);
    for (const id of ['c2', 'c3']) await bench.open(id, { limits: patient });
    const before = bench.turns(ann).length;
    await bench.pass(4_900);
    expect(bench.turns(ann)).toHaveLength(before);
    await bench.pass(100);
    expect(bench.turns(ann)).toHaveLength(before + 1);
    expect(bench.router.grants.countOf(ann)).toBe(1);
    await bench.answer(ann);
    expect(await open(bench)).toBe(0);
    await bench.pass(30_000);
    expect(bench.router.grants.countOf(ann)).toBeGreaterThan(1);
  });

  it('the turns of a replica that keeps failing are granted to another replica', async () => {
    const bench = new RouterBench();
    const broken = bench.connect('ann');
    await bench.open('c1', { limits: patient });
    await failed(bench, broken, 5);
    const sound = bench.connect('ann');
    await bench.open('c2', { limits: patient });
    expect(bench.turns(sound).map(({ conversation }) => conversation)).toContain('c2');
  });

  it('a deadline that passes counts as a failure of the replica', async () => {
    const bench = new RouterBench();
    bench.connect('ann');
    await bench.open('c1', { limits: limits({ onFailure: 'retry' }) });
    for (let i = 0; i < 5; i++) await bench.pass(1_000);
    expect(await open(bench)).toBe(1);
  });

  it('a pass, a lost connection and a rate limit are no failures of the replica', async () => {
    const bench = new RouterBench();
    await bench.open('c1', { limits: patient });
    for (let i = 0; i < 6; i++) await bench.drop(bench.connect('ann'));
    const ann = bench.connect('ann');
    for (let i = 0; i < 6; i++) {
      await bench.answer(ann, { reason: 'rate-limited' });
      await bench.pass(30_000);
    }
    expect(await open(bench)).toBe(0);
  });
});
