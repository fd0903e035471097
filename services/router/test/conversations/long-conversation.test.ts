import type { Entry } from '@parley/protocol';
import { expect, it } from 'vitest';
import { Archive } from '../../src/conversations/stored/archive.ts';
import { Checkpoints } from '../../src/conversations/stored/checkpoints.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { forked, lines, opened } from '../ledger/ledger-entries.ts';

const seqsOf = (entries: readonly Entry[]) => entries.map(({ seq }) => seq);

/** c1 has entries 1 to 9, f1 shares 1 to 4 of them, f2 shares 1 to 6 of f1. */
const forks = async () => {
  const ledger = openMemoryLedger();
  for (const [conversation, entries] of [
    ['c1', [opened(), ...lines(2, 9)]],
    ['f1', [forked('c1', 4), ...lines(6, 8)]],
    ['f2', [forked('f1', 6), ...lines(8, 9)]],
  ] as const)
    await ledger.append([{ conversation, expectedSeq: 0, entries }]);
  return new Archive(ledger, new Checkpoints(ledger, () => {}), (error) => {
    throw error;
  });
};

it('a fork of a fork is read in pages without a gap, whatever the size of a page is', async () => {
  const archive = await forks();
  for (const entries of [1, 2, 3, 100]) {
    const seen: Entry[] = [];
    for (;;) {
      const page = archive.page('f2', seen.length, { entries, bytes: 1_000_000 });
      if (page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(entries);
      seen.push(...page);
    }
    expect(seen).toEqual(archive.read('f2', 0, 100));
    expect(seen.map(({ type }) => type).filter((type) => type !== 'said')).toEqual([
      'opened',
      'forked',
      'forked',
    ]);
  }
});

it('the newest entries of a fork of a fork are found, including the shared ones', async () => {
  const archive = await forks();
  const whole = archive.read('f2', 0, 100);
  for (let since = 0; since <= 9; since++)
    for (let entries = 1; entries <= 10; entries++)
      expect(seqsOf(archive.newest('f2', since, { entries, bytes: 1_000_000 }))).toEqual(
        seqsOf(whole.slice(since).slice(-entries)),
      );
  expect(archive.newest('f2', 0, { entries: 100, bytes: 1 })).toEqual(whole.slice(-1));
});
