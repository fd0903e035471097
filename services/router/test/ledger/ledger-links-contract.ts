import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger, Share } from '../../src/ledger/ledger.ts';
import { type LedgerUnderTest, shut } from './ledger-contract.ts';
import { finished, forked, opened } from './ledger-entries.ts';

const shareOf = (id: string, conversation: string, more: Partial<Share> = {}): Share => ({
  ...{ id, conversation, digest: id.repeat(4), by: 'boss', madeAt: 1_000, expiresAt: 2_000 },
  ...more,
});

/** What every implementation of the ledger promises of share links and of forks. */
export const ledgerLinksContract = (name: string, makeSubject: () => LedgerUnderTest): void => {
  describe(`share links and forks in the ${name} ledger`, () => {
    let subject: LedgerUnderTest;
    let ledger: Ledger;
    beforeEach(async () => {
      subject = makeSubject();
      ledger = await subject.open();
    });
    afterEach(() => shut(ledger));

    it('gives back the share links in the order in which they were made, and the newest state of each', async () => {
      await ledger.append([
        { conversation: 'c1', expectedSeq: 0, entries: finished(3) },
        { conversation: 'c2', expectedSeq: 0, entries: [opened()] },
      ]);
      const [first, second] = [shareOf('s1', 'c1'), shareOf('s2', 'c2')];
      ledger.keepShare(first);
      ledger.keepShare(second);
      const revoked = { ...first, revoked: { at: 1_500, by: 'chief' } };
      ledger.keepShare(revoked);
      expect(ledger.shares()).toEqual([revoked, second]);
      if (subject.reopen) ledger = await subject.reopen(ledger);
      expect(ledger.shares()).toEqual([revoked, second]);
    });

    it('removes a share link, and one that is not there without a fault', async () => {
      await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]);
      for (const id of ['s1', 's2']) ledger.keepShare(shareOf(id, 'c1'));
      ledger.removeShare('s1');
      ledger.removeShare('s1');
      expect(ledger.shares().map(({ id }) => id)).toEqual(['s2']);
      if (subject.reopen) ledger = await subject.reopen(ledger);
      expect(ledger.shares().map(({ id }) => id)).toEqual(['s2']);
    });

    it('keeps no share link of a conversation that is not there, and removes them with their conversation', async () => {
      expect(() => ledger.keepShare(shareOf('s1', 'c1'))).toThrow('c1');
      await ledger.append([
        { conversation: 'c1', expectedSeq: 0, entries: finished(5) },
        { conversation: 'c2', expectedSeq: 0, entries: finished(2) },
      ]);
      ledger.keepShare(shareOf('s1', 'c1'));
      ledger.keepShare(shareOf('s2', 'c2'));
      ledger.remove(['c1'], 2);
      expect(ledger.shares().map(({ id }) => id)).toEqual(['s2']);
      ledger.remove(['c1'], 9);
      await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]);
      expect(ledger.shares().map(({ id }) => id)).toEqual(['s2']);
    });

    it('lists the forks of a conversation, the oldest first, and no fork of a fork or of another', async () => {
      await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: finished(4) }]);
      for (const [conversation, parent] of [
        ['f1', 'c1'],
        ['f2', 'c1'],
        ['g1', 'f1'],
      ] as const)
        await ledger.append([{ conversation, expectedSeq: 0, entries: [forked(parent, 2)] }]);
      expect(ledger.forksOf('c1', 9)).toEqual(['f1', 'f2']);
      expect(ledger.forksOf('c1', 1)).toEqual(['f1']);
      expect(ledger.forksOf('f1', 9)).toEqual(['g1']);
      expect(ledger.forksOf('g1', 9)).toEqual([]);
    });
  });
};
