import type { Entry } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Appended, Ledger } from '../../src/ledger/ledger.ts';
import { type LedgerUnderTest, shut } from './ledger-contract.ts';
import { finished, forked, lines, opened } from './ledger-entries.ts';

const all = Number.MAX_SAFE_INTEGER;

/** What every implementation of the ledger promises of reads that are bounded, and of what it lists. */
export const ledgerReadsContract = (name: string, makeSubject: () => LedgerUnderTest): void => {
  describe(`reads of the ${name} ledger`, () => {
    let subject: LedgerUnderTest;
    let ledger: Ledger;
    beforeEach(async () => {
      subject = makeSubject();
      ledger = await subject.open();
    });
    afterEach(() => shut(ledger));

    const append = async (conversation: string, expectedSeq: number, entries: Entry[]): Promise<Appended> =>
      (await ledger.append([{ conversation, expectedSeq, entries }]))[0] as Appended;

    it('reads no more bytes than it is asked for, but always one entry', async () => {
      await append('c1', 0, [opened(), ...lines(2, 3), ...lines(4, 4, 'x'.repeat(500)), ...lines(5, 6)]);
      await append('c2', 0, [opened()]);
      const size = (entry: Entry) => Buffer.byteLength(JSON.stringify(entry));
      const [second, third, fourth] = ledger.read('c1', 1, 3) as [Entry, Entry, Entry];
      const two = size(second) + size(third);
      const seqs = (entries: Entry[]) => entries.map(({ seq }) => seq);
      expect(seqs(ledger.read('c1', 1, all, two))).toEqual([2, 3]);
      expect(seqs(ledger.read('c1', 1, all, two - 1))).toEqual([2]);
      expect(seqs(ledger.read('c1', 1, all, two + size(fourth)))).toEqual([2, 3, 4]);
      expect(seqs(ledger.read('c1', 3, all, 0))).toEqual([4]);
      expect(ledger.readAll(1, all, two).map(({ position }) => position)).toEqual([2, 3]);
      expect(ledger.readAll(3, all, 1).map(({ position }) => position)).toEqual([4]);
      expect(ledger.readAll(7, all, 1)).toEqual([]);
    });

    it('counts bytes of JSON, not characters', async () => {
      const strange = lines(2, 5, '\u0001'.repeat(100));
      await append('c1', 0, [opened(), ...strange]);
      expect(ledger.read('c1', 1, all, 1_600).map(({ seq }) => seq)).toEqual([2, 3]);
      const newest = ledger.readNewest('c1', { since: 0, through: all }, { entries: all, bytes: 1_600 });
      expect(newest.map(({ seq }) => seq)).toEqual([4, 5]);
    });

    it('reads the newest entries of a span, as many as fit and one at least', async () => {
      await append('c1', 0, [opened(), ...lines(2, 9)]);
      await append('f1', 0, [forked('c1', 4), ...lines(6, 7)]);
      const seqs = (id: string, since: number, through: number, entries: number, bytes = all) =>
        ledger.readNewest(id, { since, through }, { entries, bytes }).map(({ seq }) => seq);
      expect(seqs('c1', 0, all, all)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(seqs('c1', 0, all, 2)).toEqual([8, 9]);
      expect(seqs('c1', 7, all, 5)).toEqual([8, 9]);
      expect(seqs('c1', 2, 4, 9)).toEqual([3, 4]);
      expect(seqs('c1', 9, all, 9)).toEqual([]);
      expect(seqs('c1', 0, all, all, 1)).toEqual([9]);
      expect(seqs('c1', 0, all, all, 250)).toEqual([8, 9]);
      expect(seqs('f1', 0, all, all)).toEqual([5, 6, 7]);
      expect(seqs('c2', 0, all, all)).toEqual([]);
    });

    it('numbers conversations in the order in which they were opened, and lists from a number on', async () => {
      for (const id of ['c1', 'c2', 'c3', 'c4']) await append(id, 0, [opened()]);
      const [newest, third] = ledger.recent(2);
      expect([newest?.id, third?.id]).toEqual(['c4', 'c3']);
      expect(ledger.recent(9, third?.number).map(({ id }) => id)).toEqual(['c2', 'c1']);
      const [, first] = ledger.recent(9, third?.number);
      expect(ledger.recent(9, first?.number)).toEqual([]);
    });

    it('keeps a checkpoint of a conversation, until it is removed', async () => {
      const kept = (seq: number, body: string) => ({ seq, version: 7, body });
      await append('running', 0, [opened(), ...lines(2, 5)]);
      await ledger.append([
        { conversation: 'c1', expectedSeq: 0, entries: finished(4), checkpoint: kept(4, 'so') },
      ]);
      ledger.keep([
        { conversation: 'running', ...kept(3, 'earlier') },
        { conversation: 'c3', ...kept(1, 'never') },
      ]);
      ledger.keep([{ conversation: 'running', ...kept(5, 'thus') }]);
      if (subject.reopen) ledger = await subject.reopen(ledger);
      const found = ['c1', 'running', 'c3'].map((id) => ledger.checkpoint(id));
      expect(found).toEqual([kept(4, 'so'), kept(5, 'thus'), undefined]);
      ledger.remove(['c1'], 1);
      expect(ledger.checkpoint('c1')).toBeUndefined();
    });

    it('begins a fork behind the entries that it shares', async () => {
      await append('c1', 0, [opened(), ...lines(2, 6)]);
      expect((await append('f1', 0, [forked('c1', 4)])).ok).toBe(true);
      expect((await append('f1', 5, lines(6, 7))).ok).toBe(true);
      expect(ledger.read('f1', 0, all)).toEqual([forked('c1', 4), ...lines(6, 7)]);
      expect(ledger.read('f1', 5, 1)).toEqual(lines(6, 6));
      expect(await append('f1', 2, lines(3, 3))).toEqual({ ok: false, seq: 7 });
    });

    it('remembers marks', () => {
      ledger.mark(
        new Map([
          ['alice', 3],
          ['__proto__', 4],
        ]),
      );
      ledger.mark(new Map([['alice', 5]]));
      expect([...ledger.marks()].sort()).toEqual([
        ['__proto__', 4],
        ['alice', 5],
      ]);
    });
  });
};
