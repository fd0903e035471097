import type { Entry } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Appended, Batch, Ledger } from '../../src/ledger/ledger.ts';
import { mostMarks } from '../../src/ledger/mark-documents.ts';
import { ended, finished, forked, lines, opened } from './ledger-entries.ts';

export interface LedgerUnderTest {
  open(): Ledger | Promise<Ledger>;
  /** The same ledger, closed and opened again; missing when nothing of it outlives the process. */
  reopen?(ledger: Ledger): Ledger | Promise<Ledger>;
  /** How often the model is compared; 60 times when missing. Fewer where each ledger costs a stream on a server. */
  readonly runs?: number;
}

/** Closes a ledger so that it can be opened again. */
export const shut = async (ledger: Ledger): Promise<void> => {
  await ledger.leave?.();
  ledger.close();
};

const all = Number.MAX_SAFE_INTEGER;

/** What every implementation of the ledger promises. */
export const ledgerContract = (name: string, makeSubject: () => LedgerUnderTest): void => {
  describe(`the ${name} ledger`, () => {
    let subject: LedgerUnderTest;
    let ledger: Ledger;
    beforeEach(async () => {
      subject = makeSubject();
      ledger = await subject.open();
    });
    afterEach(() => shut(ledger));

    const append = async (conversation: string, expectedSeq: number, entries: Entry[]): Promise<Appended> =>
      (await ledger.append([{ conversation, expectedSeq, entries }]))[0] as Appended;

    it('gives back what was appended, in order and unchanged', async () => {
      const strange = { ...lines(2, 2)[0]!, text: 'nul \u0000, quote ", \u2028, 🙂, "\\' };
      await append('c1', 0, [opened(), strange]);
      await append('c1', 2, lines(3, 5));
      expect(ledger.read('c1', 0, all)).toEqual([opened(), strange, ...lines(3, 5)]);
      expect(ledger.read('c1', 2, 2)).toEqual(lines(3, 4));
      expect(ledger.read('c1', 5, all)).toEqual([]);
      expect(ledger.read('c1', 0, 0)).toEqual([]);
      expect(ledger.read('c2', 0, all)).toEqual([]);
    });

    it('leaves out a batch that expects another seq, and tells where the conversation is', async () => {
      expect(await append('c1', 0, [opened()])).toEqual({ ok: true, position: 1 });
      expect(await append('c1', 0, [opened()])).toEqual({ ok: false, seq: 1 });
      expect(await append('c2', 7, lines(8, 8))).toEqual({ ok: false, seq: 0 });
      expect(ledger.read('c1', 0, all)).toEqual([opened()]);
      expect(ledger.read('c2', 0, all)).toEqual([]);
      expect(ledger.recent(9).map(({ id }) => id)).toEqual(['c1']);
      expect(ledger.position()).toBe(1);
    });

    it('keeps the other batches of a call when one conflicts', async () => {
      await append('c1', 0, [opened()]);
      const appended = await ledger.append([
        { conversation: 'c2', expectedSeq: 0, entries: [opened(), ...lines(2, 3)] },
        { conversation: 'c1', expectedSeq: 5, entries: lines(6, 7) },
        { conversation: 'c2', expectedSeq: 3, entries: lines(4, 4) },
      ]);
      expect(appended).toEqual([
        { ok: true, position: 4 },
        { ok: false, seq: 1 },
        { ok: true, position: 5 },
      ]);
      expect(ledger.read('c1', 0, all)).toHaveLength(1);
      expect(ledger.read('c2', 0, all)).toHaveLength(4);
    });

    it('leaves nothing behind when a call is rejected', async () => {
      await append('c1', 0, [opened()]);
      const batches: Batch[] = [
        { conversation: 'c1', expectedSeq: 1, entries: lines(2, 3) },
        { conversation: 'c2', expectedSeq: 0, entries: [opened(), ...lines(3, 3)] },
      ];
      await expect(ledger.append(batches)).rejects.toThrow('c2: entry 3 where 2 belongs');
      expect(ledger.read('c1', 0, all)).toEqual([opened()]);
      expect(ledger.readAll(0, all)).toHaveLength(1);
      expect(ledger.recent(9).map(({ id }) => id)).toEqual(['c1']);
      expect(await append('c1', 1, lines(2, 2))).toEqual({ ok: true, position: 2 });
    });

    it('lets one of two writers win that expect the same seq', async () => {
      await append('c1', 0, [opened()]);
      const results = await Promise.all([append('c1', 1, lines(2, 2)), append('c1', 1, lines(2, 2))]);
      expect(results.map(({ ok }) => ok).sort()).toEqual([false, true]);
      expect(ledger.read('c1', 0, all)).toHaveLength(2);
    });

    it('numbers all entries in the order in which they were appended', async () => {
      await append('c1', 0, [opened()]);
      await append('c2', 0, [opened(), ...lines(2, 2)]);
      await append('c1', 1, lines(2, 2));
      const placed = ledger.readAll(0, all);
      expect(placed.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
      expect(placed.map(({ conversation, entry }) => `${conversation}/${entry.seq}`)).toEqual([
        'c1/1',
        'c2/1',
        'c2/2',
        'c1/2',
      ]);
      expect(ledger.readAll(1, 2)).toEqual(placed.slice(1, 3));
      expect(ledger.readAll(4, all)).toEqual([]);
      expect(ledger.position()).toBe(4);
      expect(ledger.readOf('c1', { position: 0, seq: 0 }, all)).toEqual([placed[0], placed[3]]);
      expect(ledger.readOf('c1', { position: 1, seq: 0 }, all)).toEqual([placed[3]]);
      expect(ledger.readOf('c2', { position: 2, seq: 1 }, 1)).toEqual([placed[2]]);
      expect(ledger.readOf('c2', { position: 0, seq: 0 }, all, 1)).toEqual([placed[1]]);
      expect(ledger.readOf('c2', { position: 4, seq: 2 }, all)).toEqual([]);
      expect(ledger.readOf('none', { position: 0, seq: 0 }, all)).toEqual([]);
    });

    it('lists unfinished conversations oldest first and recent ones newest first', async () => {
      for (const id of ['c1', 'c2', 'c3']) await append(id, 0, [opened()]);
      await append('c2', 1, [ended(2)]);
      expect(ledger.unfinished()).toEqual(['c1', 'c3']);
      expect(ledger.recent(2).map(({ id }) => id)).toEqual(['c3', 'c2']);
      expect(ledger.total()).toBe(3);
      expect(ledger.recent(0).map(({ id }) => id)).toEqual([]);
    });

    it('refuses a fork of what has been removed', async () => {
      await append('c1', 0, finished(4));
      ledger.remove(['c1'], 2);
      await expect(append('f1', 0, [forked('c1', 2)])).rejects.toThrow('c1 is not there to be forked');
      expect(ledger.recent(9).map(({ id }) => id)).toEqual([]);
    });

    it('offers for removal what has ended and no fork goes back to, first to end first', async () => {
      await append('late', 0, finished(3, 9_000));
      await append('early', 0, finished(3, 8_000));
      await append('forked', 0, finished(3, 7_000));
      await append('running', 0, [opened()]);
      await append('fork', 0, [forked('forked', 3)]);
      const both = ledger.removable(9);
      expect(both).toMatchObject([
        { id: 'early', at: 8_000 },
        { id: 'late', at: 9_000 },
      ]);
      expect(ledger.removable(1)).toEqual(both.slice(0, 1));
    });

    it('offers for removal page after page, each conversation once, also those of one millisecond', async () => {
      const ids = Array.from({ length: 10 }, (_, index) => `c${index}`);
      for (const id of ids) await append(id, 0, finished(2, id === 'c9' ? 4_000 : 5_000));
      const seen: string[] = [];
      for (let page = ledger.removable(3); page.length > 0; page = ledger.removable(3, page.at(-1)))
        seen.push(...page.map(({ id }) => id));
      expect(seen).toEqual(['c9', ...ids.slice(0, -1)]);
    });

    it('removes several conversations at once, up to the limit of entries, and says how many are gone whole', async () => {
      for (const id of ['c1', 'c2', 'c3']) await append(id, 0, finished(4));
      expect(ledger.remove(['c1', 'c2', 'c3'], 6)).toEqual({ gone: 1, begun: 'c2' });
      expect(ledger.recent(9).map(({ id }) => id)).toEqual(['c3']);
      expect(ledger.remove(['c2', 'c3'], 6, 1)).toEqual({ gone: 1 });
      expect(ledger.recent(9).map(({ id }) => id)).toEqual(['c3']);
      expect(ledger.remove(['c3'], 6)).toEqual({ gone: 1 });
      expect(ledger.readAll(0, all)).toEqual([]);
    });

    it('removes an ended conversation in steps and hides it from the first one on', async () => {
      await append('c1', 0, finished(10));
      await append('c2', 0, [opened()]);
      const before = ledger.size();
      expect(ledger.remove(['c1'], 4).gone).toBe(0);
      expect(ledger.read('c1', 0, all)).toEqual([]);
      expect(ledger.recent(9).map(({ id }) => id)).toEqual(['c2']);
      expect(ledger.removable(9).map(({ id }) => id)).toEqual(['c1']);
      while (ledger.remove(['c1'], 4).gone === 0);
      expect(ledger.removable(9)).toEqual([]);
      expect(ledger.readAll(0, all)).toEqual([{ position: 11, conversation: 'c2', entry: opened() }]);
      expect(ledger.readAll(7, 1)).toHaveLength(1);
      expect(ledger.size()).toBeLessThanOrEqual(before);
    });

    it('never removes a running conversation', async () => {
      await append('c1', 0, [opened(), ...lines(2, 4)]);
      ledger.remove(['c1'], 100);
      expect(ledger.read('c1', 0, all)).toHaveLength(4);
    });

    it('never uses the position of a removed entry again', async () => {
      await append('c1', 0, finished(5));
      expect(ledger.remove(['c1'], 100).gone).toBe(1);
      expect(ledger.position()).toBe(5);
      if (subject.reopen) ledger = await subject.reopen(ledger);
      expect(ledger.position()).toBe(5);
      expect(await append('c2', 0, [opened()])).toEqual({ ok: true, position: 6 });
      expect(ledger.readAll(0, all).map(({ position }) => position)).toEqual([6]);
    });

    it('keeps the newer mark of a name', async () => {
      ledger.mark(new Map([['alice', 2]]));
      ledger.mark(new Map([['alice', 1]]));
      expect(ledger.marks()).toEqual(new Map([['alice', 2]]));
    });

    it('forgets the oldest marks when there are too many names, and never the common one', async () => {
      const count = mostMarks + 5_000;
      const names = Array.from({ length: count }, (_, index) => `client-${index}`);
      ledger.mark(new Map([['', 1], ...names.slice(0, 90_000).map((name, at) => [name, at + 2] as const)]));
      ledger.mark(new Map(names.slice(90_000).map((name, at) => [name, at + 90_002] as const)));
      const marks = ledger.marks();
      expect(marks.size).toBeGreaterThan(mostMarks * 0.8);
      expect(marks.size).toBeLessThanOrEqual(mostMarks);
      expect([marks.get(''), marks.has('client-0')]).toEqual([1, false]);
      const newest = names.slice(-mostMarks / 2);
      expect(newest.filter((name) => !marks.has(name))).toEqual([]);
    });

    if (!makeSubject().reopen) return;

    it('is as it was when it is opened again', async () => {
      await append('c1', 0, finished(6));
      await append('c2', 0, [opened(), ...lines(2, 3)]);
      ledger.mark(new Map([['alice', 2]]));
      const log = ledger.readAll(0, all);
      ledger = await subject.reopen!(ledger);
      expect(ledger.readAll(0, all)).toEqual(log);
      expect(ledger.unfinished()).toEqual(['c2']);
      expect(ledger.marks()).toEqual(new Map([['alice', 2]]));
      expect(await append('c2', 3, lines(4, 4))).toEqual({ ok: true, position: 10 });
    });

    it('goes on with a removal that was cut off', async () => {
      await append('c1', 0, finished(10));
      expect(ledger.remove(['c1'], 3).gone).toBe(0);
      ledger = await subject.reopen!(ledger);
      expect(ledger.read('c1', 0, all)).toEqual([]);
      expect(ledger.removable(9).map(({ id }) => id)).toEqual(['c1']);
      expect(ledger.remove(['c1'], 100).gone).toBe(1);
      expect(ledger.readAll(0, all)).toEqual([]);
    });
  });
};
