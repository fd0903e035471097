import { describe, expect, it } from 'vitest';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

/** A router whose ledger is always too large, so that only what is protected stays. */
const full = () => new RouterBench({ retention: { maxAgeMs: 0, maxBytes: 1 } });

/** `eve` says something to each name, and the conversations end. */
const tell = async (bench: RouterBench, names: readonly string[]): Promise<string[]> => {
  const eve = new Plain(bench, 'eve');
  for (const name of names) await eve.send(name, `hello ${name}`);
  const ids = bench.ledger.kept.recent(1_000).map(({ id }) => id);
  for (const id of ids) await bench.submit(id, { type: 'end', by: 'operator' });
  return ids;
};

const sweep = async (bench: RouterBench) => {
  for (let second = 0; second < 10; second++) await bench.pass(1_000);
  return bench.ledger.kept.recent(1_000).map(({ id }) => id);
};

describe('retention and messages that wait', () => {
  it('retention removes ended conversations whose messages wait for names that no client has ever registered', async () => {
    const bench = full();
    const names = Array.from({ length: 100 }, (_, index) => `unknown-${index}`);
    expect(await tell(bench, names)).toHaveLength(100);
    expect(await sweep(bench)).toEqual([]);
    expect(bench.router.mailboxes.waiting).toBe(0);
    expect(bench.router.plainDelivery.expired).toBe(100);
  });

  it('retention keeps a conversation with a message for a client that has registered since the router started', async () => {
    const bench = full();
    new Plain(bench, 'bob').leave();
    const [kept] = await tell(bench, ['bob']);
    expect(await sweep(bench)).toEqual([kept]);
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['hello bob']);
    expect(bench.router.plainDelivery.expired).toBe(0);
  });

  it('retention keeps a conversation with a message for a client that has a delivery mark, after a restart, too', async () => {
    const bench = full();
    const bob = new Plain(bench, 'bob');
    await tell(bench, ['bob']);
    await bob.confirm();
    await bench.pass(1_000);
    bob.leave();
    bench.restart();
    const [kept] = await tell(bench, ['bob', 'unknown']);
    expect(kept).toBeDefined();
    const left = await sweep(bench);
    expect(left).toHaveLength(1);
    expect(new Plain(bench, 'bob').connection.texts).toEqual(['hello bob']);
  });

  it('retention removes a conversation once the known client has got its messages', async () => {
    const bench = full();
    new Plain(bench, 'bob').leave();
    await tell(bench, ['bob']);
    new Plain(bench, 'bob').leave();
    expect(await sweep(bench)).toEqual([]);
  });
});
