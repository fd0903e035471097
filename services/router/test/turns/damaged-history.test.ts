import { describe, expect, it } from 'vitest';
import { LedgerDamage } from '../../src/ledger/damage.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { Pools } from '../../src/quota/pools.ts';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

/** A ledger of which the entries of one conversation cannot be read any more. */
const damagedAt = (conversation: string): { readonly ledger: Ledger; isDamaged: boolean } => {
  const kept = openMemoryLedger();
  const damage = {
    isDamaged: false,
    ledger: {
      ...kept,
      readNewest: (id, ...rest) => {
        if (damage.isDamaged && id === conversation) throw new LedgerDamage('ledger', ['a bad page']);
        return kept.readNewest(id, ...rest);
      },
    } satisfies Ledger as Ledger,
  };
  return damage;
};

describe('a turn whose history is damaged', () => {
  it('a turn with a damaged history keeps no call of a pool, so that turns of other conversations are granted', async () => {
    const damage = damagedAt('c0');
    const pools = new Pools(new Map([['*', { requests: 10, tokens: 10_000, concurrency: 1 }]]));
    const bench = new RouterBench({ ledger: damage.ledger, pools });
    await bench.open('c0');
    await bench.open('c1');
    // A router that has just started holds no entries in memory.
    bench.restart();
    damage.isDamaged = true;
    const used = () => pools.of('any')?.usedAt(bench.now);
    const before = used();
    const ann = bench.connect('ann', { capacity: 9 });
    await bench.pass(100);
    expect(bench.turns(ann).map(({ conversation }) => conversation)).toEqual(['c1']);
    expect(bench.failures).toHaveLength(1);
    expect(used()).toEqual({
      ...{ calls: (before?.calls ?? 0) + 1, tokens: (before?.tokens ?? 0) + 1_000 },
      'at-once': 1,
    });
  });

  it('a turn with a damaged history does not prevent a plain client from connecting or taking its turns in other conversations', async () => {
    const damage = damagedAt('c0');
    const bench = new RouterBench({ ledger: damage.ledger });
    for (const id of ['c0', 'c1'])
      await bench.open(id, { by: 'ann', members: ['ann', 'pat'], opening: `in ${id}` });
    bench.restart();
    damage.isDamaged = true;
    const pat = new Plain(bench, 'pat');
    expect(bench.router.presence.plainClient('pat')).toBeDefined();
    expect(pat.connection.texts).toEqual(['in c1']);
    expect(bench.failures).toHaveLength(1);
  });
});
