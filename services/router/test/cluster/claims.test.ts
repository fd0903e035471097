import { describe, expect, it, vi } from 'vitest';
import type { TableEntry } from '../../src/cluster/cluster.ts';
import { NatsClaims } from '../../src/cluster/nats/nats-claims.ts';
import { MemoryTable } from './memory-table.ts';

const claim = { conversation: 'c.1', turn: 3, attempt: 1, member: 'ann' };
const key = 'c=1.3.1';
const hourMs = 3_600_000;

/** A table whose answers get lost while `isLossy`: what was asked for is done all the same. */
class LossyTable extends MemoryTable {
  isLossy = false;
  /** Called between the act and the loss of its answer. */
  onCreated = (): Promise<void> => Promise.resolve();

  override async get(at: string): Promise<TableEntry | undefined> {
    if (this.isLossy) throw new Error('the connection to NATS is lost');
    return super.get(at);
  }

  override async create(at: string, value: unknown): Promise<number | undefined> {
    const revision = await super.create(at, value);
    if (!this.isLossy) return revision;
    await this.onCreated();
    throw new Error('the connection to NATS broke');
  }

  deleteSoon(at: string, revision: number): void {
    void this.delete(at, revision);
  }
}

const start = async (now = () => 0) => {
  const table = new LossyTable();
  const failures: unknown[] = [];
  const router = async (self: string) => {
    const claims = new NatsClaims({ table, self, now, onFailure: (error) => failures.push(error) });
    await claims.start();
    return claims;
  };
  return { table, failures, a: await router('a'), b: await router('b') };
};

const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 1 });

describe('a claim whose answer is lost', () => {
  it('a router whose claim was made without its knowledge has that claim when it tries again', async () => {
    const { table, failures, a, b } = await start();
    table.isLossy = true;
    expect(await a.make(claim, hourMs)).toBe(false);
    expect(failures).toHaveLength(1);
    table.isLossy = false;
    await until(() => expect(b.at('c.1', 3)?.router).toBe('a'));
    expect(await b.make(claim, hourMs)).toBe(false);
    await until(() => expect([...a.own()]).toHaveLength(1));
    expect(await a.make(claim, hourMs)).toBe(true);
    // A claim that is in use is not made a second time.
    expect(await a.make(claim, hourMs)).toBe(false);
  });

  it('a claim that was made without the knowledge of its router can be released, so that others can grant the turn', async () => {
    const { table, a, b } = await start();
    table.isLossy = true;
    await a.make(claim, hourMs);
    table.isLossy = false;
    await until(() => expect([...a.own()]).toHaveLength(1));
    a.release(claim);
    expect([...a.own()]).toEqual([]);
    await until(() => expect(table.keys()).toEqual([]));
    await until(() => expect(b.at('c.1', 3)).toBeUndefined());
    expect(await b.make(claim, hourMs)).toBe(true);
  });

  it.each<[how: string, goes: (table: LossyTable, passTime: () => void) => Promise<unknown>]>([
    ['was deleted', (table) => table.delete(key)],
    [
      'was deleted and made by another router',
      (table) => table.put(key, { router: 'b', member: 'ann', ttlMs: hourMs, nonce: 'of b' }),
    ],
    ['has expired', async (_table, passTime) => passTime()],
  ])(
    'a claim that was made without the knowledge of its router is not its own any more when its key %s',
    async (_how, goes) => {
      let now = 0;
      const { table, a } = await start(() => now);
      table.isLossy = true;
      await a.make(claim, hourMs);
      table.isLossy = false;
      await until(() => expect([...a.own()]).toHaveLength(1));
      await goes(table, () => {
        now = hourMs;
        a.tick();
      });
      await until(() => expect([...a.own()]).toEqual([]));
      const writes = table.writes;
      const isKeyThere = table.keys().includes(key);
      const isMade = await a.make(claim, hourMs);
      // Whether it has the claim is what the table says, and not what it had found before.
      expect([isMade, table.writes - writes]).toEqual(isKeyThere ? [false, 0] : [true, 1]);
    },
  );

  it('a router whose answer is lost has the claim when the table has told it before', async () => {
    const { table, a, b } = await start();
    table.isLossy = true;
    table.onCreated = () => until(() => expect(b.at('c.1', 3)?.router).toBe('a'));
    expect(await a.make(claim, hourMs)).toBe(true);
    table.isLossy = false;
    a.release(claim);
    await until(() => expect(table.keys()).toEqual([]));
  });

  it('a claim of another router is not taken for the own one whose answer is lost', async () => {
    const { table, a, b } = await start();
    expect(await b.make(claim, hourMs)).toBe(true);
    table.isLossy = true;
    expect(await a.make(claim, hourMs)).toBe(false);
    table.isLossy = false;
    await until(() => expect(a.at('c.1', 3)?.router).toBe('b'));
    expect([...a.own()]).toEqual([]);
    expect(table.keys()).toEqual([key]);
  });
});

describe('a claim that was not released', () => {
  it('is over for its router when it expires, and a late release does not end the claim that another router has since', async () => {
    let now = 0;
    const { table, a, b } = await start(() => now);
    expect(await a.make(claim, hourMs)).toBe(true);
    now = 2 * hourMs;
    a.tick();
    // On a server the key ends by itself; here another router removes it, and has the claim.
    await table.delete(key);
    await until(() => expect(b.at('c.1', 3)).toBeUndefined());
    expect(await b.make(claim, hourMs)).toBe(true);
    await until(() => expect(a.at('c.1', 3)?.router).toBe('b'));
    a.release(claim);
    a.stop();
    expect(a.at('c.1', 3)?.router).toBe('b');
    expect([table.keys(), [...a.own()]]).toEqual([[key], []]);
  });
});
