import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { ended, forked, lines, opened } from './ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-transaction-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const all = Number.MAX_SAFE_INTEGER;

describe('a transaction of many entries', () => {
  it('entries of one transaction keep their order and positions, however many rows a statement writes', async () => {
    for (const count of [1, 7, 8, 9, 63, 64, 65, 150]) {
      const ledger = openSqliteLedger(join(folder, `${count}.sqlite`));
      const ids = Array.from({ length: count }, (_, index) => `c${index}`);
      const appended = await ledger.append(
        ids.map((conversation) => ({ conversation, expectedSeq: 0, entries: [opened(), ...lines(2, 3)] })),
      );
      expect(appended).toEqual(ids.map((_, index) => ({ ok: true, position: 3 * (index + 1) })));
      expect(ledger.readAll(0, all).map(({ position, conversation }) => [position, conversation])).toEqual(
        ids.flatMap((id, index) => [1, 2, 3].map((at) => [3 * index + at, id])),
      );
      expect(ledger.read(ids.at(-1)!, 0, all)).toEqual([opened(), ...lines(2, 3)]);
      ledger.close();
    }
  });

  it('a conversation that ends in a transaction refuses what the same transaction appends behind its end', async () => {
    const ledger = openSqliteLedger(join(folder, 'ends.sqlite'));
    const batch = (expectedSeq: number, entries: Parameters<typeof ledger.append>[0][number]['entries']) => ({
      ...{ conversation: 'c', expectedSeq, entries },
    });
    const appended = await ledger.append([
      batch(0, [opened(), ...lines(2, 3), ended(4)]),
      batch(2, lines(3, 3)),
    ]);
    expect(appended).toEqual([
      { ok: true, position: 4 },
      { ok: false, seq: 4 },
    ]);
    ledger.close();
  });

  it('nothing of a failed transaction is written by the next one', async () => {
    const ledger = openSqliteLedger(join(folder, 'fails.sqlite'));
    const good = { conversation: 'good', expectedSeq: 0, entries: [opened(), ...lines(2, 4)] };
    const bad = { conversation: 'bad', expectedSeq: 0, entries: [forked('missing', 1)] };
    await expect(ledger.append([good, bad])).rejects.toThrow('missing is not there');
    expect(await ledger.append([{ ...good, conversation: 'other' }])).toEqual([{ ok: true, position: 4 }]);
    expect(ledger.readAll(0, all).map(({ conversation }) => conversation)).toEqual(Array(4).fill('other'));
    ledger.close();
  });
});
