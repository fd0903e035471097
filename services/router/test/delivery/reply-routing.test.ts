import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

const endAll = async ({ router }: RouterBench) => {
  for (const { id } of [...router.conversations.running()])
    router.conversations.submit(id, { type: 'end', by: 'ops' });
  await router.conversations.settled();
};

// Twelve thousand conversations take seconds on a machine that is busy.
describe('the contacts of plain clients', { timeout: 30_000 }, () => {
  it('the contacts of ended conversations are bounded, and those that ended first are evicted first', async () => {
    const bench = new RouterBench();
    const bob = new Plain(bench, 'bob');
    const names = Array.from({ length: 12_000 }, (_, i) => `client-${i}`);
    for (const name of names) {
      const peer = new Plain(bench, name);
      peer.say('bob', `I am ${name}`);
      peer.leave();
    }
    await bench.settled();
    const { replyRouting } = bench.router;
    const known = () => names.filter((name) => replyRouting.shared(name, 'bob') !== undefined);
    const placed = () => names.filter((name) => replyRouting.current(name) !== undefined);
    // What runs is known, however much it is.
    expect(known()).toHaveLength(12_000);
    expect(bob.connection.texts).toHaveLength(12_000);
    await endAll(bench);
    expect(known().length).toBeGreaterThan(1_000);
    expect(known().length + placed().length).toBeLessThanOrEqual(10_000);
    expect(known()).toEqual(names.slice(-known().length));

    // The last one is told once that it is over; the first, long forgotten, opens another at once.
    const late = new Plain(bench, names.at(-1) as string);
    late.say('bob', 'more');
    const early = new Plain(bench, names[0] as string);
    early.say('bob', 'hello again');
    await bench.settled();
    expect(late.connection.frames).toMatchObject([{ type: 'error', code: 'conversation-ended' }]);
    expect(early.connection.frames).toEqual([]);
    expect(bob.connection.texts.at(-1)).toBe('hello again');
  });

  it('the contacts of a running conversation are kept, however many others have ended since', async () => {
    const bench = new RouterBench();
    new Plain(bench, 'bob');
    const first = new Plain(bench, 'first');
    first.say('bob', 'hi');
    await bench.settled();
    const id = bench.router.replyRouting.shared('first', 'bob');
    for (let i = 0; i < 5_000; i++) {
      const by = `client-${i}`;
      bench.router.conversations.submit(`c${i}`, {
        type: 'open',
        by,
        members: [`peer-${i}`],
        policy: 'addressed',
        opening: 'hi',
        limits: limits({ maxTurns: 1 }),
      });
    }
    await bench.settled();
    expect(bench.router.replyRouting.shared('client-0', 'peer-0')).toBeUndefined();
    expect(bench.router.replyRouting.shared('client-4999', 'peer-4999')).toBe('c4999');
    expect(bench.router.replyRouting.shared('first', 'bob')).toBe(id);
    expect(bench.router.replyRouting.current('bob')).toBe(id);
  });

  it('two clients that write to each other at the same moment get one conversation', async () => {
    const bench = new RouterBench();
    const [ann, bob] = [new Plain(bench, 'ann'), new Plain(bench, 'bob')];
    ann.say('bob', 'hi bob');
    bob.say('ann', 'hi ann');
    await bench.settled();
    expect(bench.router.conversations.count).toBe(1);
  });

  it('a conversation that could not be opened leaves no contact for either client', async () => {
    const bench = new RouterBench();
    const [ann, bob] = [new Plain(bench, 'ann'), new Plain(bench, 'bob')];
    bench.ledger.isFull = true;
    ann.say('bob', 'lost');
    await bench.settled();
    bench.ledger.isFull = false;
    bob.say('ann', 'and you?');
    await bench.settled();
    expect(bob.connection.frames).toEqual([]);
    expect(ann.connection.texts).toEqual(['and you?']);
  });

  it('a message into an ended conversation does not make its sender forget a reply that it owes elsewhere', async () => {
    const bench = new RouterBench();
    const [ann, bob, cyd] = [new Plain(bench, 'ann'), new Plain(bench, 'bob'), new Plain(bench, 'cyd')];
    ann.say('bob', 'hi bob');
    await bench.settled();
    await endAll(bench);
    cyd.say('bob', 'tell dan');
    await bench.settled();
    const owed = bench.router.replyRouting.current('bob');
    ann.say('bob', 'still there?');
    await bench.settled();
    expect(ann.connection.frames.at(-1)).toMatchObject({ code: 'conversation-ended' });
    bob.say('dan', 'cyd says hi');
    await bench.settled();
    expect(bench.router.replyRouting.shared('bob', 'dan')).toBe(owed);
    expect(bench.router.conversations.get(owed as string)?.members).toEqual(['cyd', 'bob', 'dan']);
  });
});
