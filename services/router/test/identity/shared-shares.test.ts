import { describe, expect, it, vi } from 'vitest';
import { Shares } from '../../src/identity/shares.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { MemoryTable } from '../cluster/memory-table.ts';
import { opened } from '../ledger/ledger-entries.ts';

const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 1 });

/** A ledger that keeps which table has got its links, as the local copy of a stream does. */
const copyOfStream = async (): Promise<Ledger> => {
  const ledger = openMemoryLedger();
  await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]);
  let kept: string | undefined;
  return {
    ...ledger,
    linksIn: () => kept,
    keepLinksIn: (incarnation) => {
      kept = incarnation;
    },
  };
};

const router = async (table: MemoryTable): Promise<{ readonly ledger: Ledger; readonly shares: Shares }> => {
  const ledger = openMemoryLedger();
  await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]);
  const shares = new Shares({ ledger, now: () => 1_000, table });
  await shares.start();
  return { ledger, shares };
};

describe('the share links of several routers', () => {
  it('each router keeps the links that another one makes and revokes, so that a copy of any ledger has them', async () => {
    const table = new MemoryTable();
    const a = await router(table);
    const b = await router(table);
    const made = await a.shares.make('c1', 'boss');
    await until(() => expect(b.ledger.shares()).toEqual([made?.share]));
    await a.shares.revoke('c1', made?.share.id ?? '', 'chief');
    await until(() => expect(b.ledger.shares()).toMatchObject([{ revoked: { by: 'chief' } }]));
    const late = await router(table);
    expect(late.ledger.shares()).toEqual(a.ledger.shares());
    a.shares.forget('c1');
    await until(() => expect([b, late].map(({ ledger }) => ledger.shares())).toEqual([[], []]));
  });

  it('a link that was revoked and left the table while a router was down stays invalid at all routers when it starts', async () => {
    const table = new MemoryTable();
    const a = await router(table);
    const ledger = await copyOfStream();
    const before = new Shares({ ledger, now: () => 1_000, table });
    await before.start();
    const [made, other] = [await a.shares.make('c1', 'boss'), await a.shares.make('c1', 'boss')];
    await until(() => expect(ledger.shares()).toHaveLength(2));
    await a.shares.revoke('c1', made?.share.id ?? '', 'chief');
    // Its slot was needed. The table of this test keeps no trace of a deleted key.
    await table.delete(made?.share.id ?? '');
    const b = new Shares({ ledger, now: () => 1_000, table });
    await b.start();
    expect(table.keys()).toEqual([other?.share.id]);
    expect(b.identify(made?.token ?? '').ok).toBe(false);
    expect(b.identify(other?.token ?? '').ok).toBe(true);
    expect(ledger.shares().map(({ id }) => id)).toEqual([other?.share.id]);
  });

  it('when all links have left the table while a router was down, none of them becomes valid again', async () => {
    const table = new MemoryTable();
    const ledger = await copyOfStream();
    const before = new Shares({ ledger, now: () => 1_000, table });
    await before.start();
    const made = await before.make('c1', 'boss');
    await table.delete(made?.share.id ?? '');
    // It was down, and has not heard of it.
    const down = await copyOfStream();
    if (made) down.keepShare(made.share);
    down.keepLinksIn?.(ledger.linksIn?.() ?? '');
    const again = new Shares({ ledger: down, now: () => 1_000, table });
    await again.start();
    expect([table.keys(), down.shares()]).toEqual([[], []]);
    expect(again.identify(made?.token ?? '').ok).toBe(false);
  });

  it('two routers that start together with links of their own bring all of them into a new table, and again into the next one', async () => {
    const table = new MemoryTable();
    const ledgers = [await copyOfStream(), await copyOfStream()];
    const tokens: string[] = [];
    for (const ledger of ledgers) {
      const made = await new Shares({ ledger, now: () => 1_000 }).make('c1', 'boss');
      tokens.push(made?.token ?? '');
    }
    const bring = async (into: MemoryTable) => {
      const both = ledgers.map((ledger) => new Shares({ ledger, now: () => 1_000, table: into }));
      await Promise.all(both.map((shares) => shares.start()));
      await until(() => {
        for (const shares of both)
          expect(tokens.map((token) => shares.identify(token).ok)).toEqual([true, true]);
      });
      expect(into.keys()).toHaveLength(2);
    };
    await bring(table);
    const next = new MemoryTable();
    next.madeAs = 'the second';
    await bring(next);
  });

  it('a new table gets the valid links that a router had before', async () => {
    const ledger = openMemoryLedger();
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]);
    const made = await new Shares({ ledger, now: () => 1_000 }).make('c1', 'boss');
    const table = new MemoryTable();
    await new Shares({ ledger, now: () => 1_000, table }).start();
    const b = await router(table);
    expect(b.shares.identify(made?.token ?? '').ok).toBe(true);
  });

  it('a link of a conversation that a router has removed is known to it and not kept', async () => {
    const table = new MemoryTable();
    const a = await router(table);
    const ledger = openMemoryLedger();
    const shares = new Shares({ ledger, now: () => 1_000, table });
    await shares.start();
    const made = await a.shares.make('c1', 'boss');
    await until(() => expect(shares.of('c1')).toHaveLength(1));
    expect(shares.identify(made?.token ?? '').ok).toBe(true);
    expect(ledger.shares()).toEqual([]);
  });
});
