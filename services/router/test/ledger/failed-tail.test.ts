import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { forked, lines, opened } from './ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-tail-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const copy = (from: string, to: string): string => {
  copyFileSync(from, to);
  copyFileSync(`${from}-wal`, `${to}-wal`);
  return to;
};

const seqs = (path: string): number[] => {
  const ledger = openSqliteLedger(path);
  try {
    return ledger.read('c1', 0, 100).map(({ seq }) => seq);
  } finally {
    ledger.close();
  }
};

describe('a transaction that failed after it was written', () => {
  /**
   * A ledger that is open, and whose log holds one more whole transaction than SQLite counts: what a sync that fails
   * leaves. The transaction is written by another process to a copy.
   */
  const withFailedTail = async (name: string) => {
    const path = join(folder, `${name}.sqlite`);
    const ledger = openSqliteLedger(path);
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 3)] }]);
    const other = copy(path, join(folder, `${name}-other.sqlite`));
    const database = new DatabaseSync(other);
    database.exec(
      'PRAGMA wal_autocheckpoint = 0; INSERT INTO entries (conversation, seq, body, sum) SELECT conversation, 4, replace(body, \'"seq":3\', \'"seq":4\'), 0 FROM entries WHERE seq = 3; UPDATE entries SET sum = 0 WHERE seq = 4',
    );
    const before = statSync(`${path}-wal`).size;
    copyFileSync(`${other}-wal`, `${path}-wal`);
    database.close();
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(before);
    return { path, ledger, before };
  };

  it('a transaction whose sync failed would be replayed after a crash', async () => {
    const { path, ledger } = await withFailedTail('left');
    const crashed = copy(path, join(folder, 'left-crashed.sqlite'));
    const database = new DatabaseSync(crashed);
    expect(database.prepare('SELECT max(seq) AS last FROM entries').get()).toEqual({ last: 4 });
    database.close();
    ledger.close();
  });

  it('a transaction whose sync failed is truncated from the log before the failure is reported, and later ones are kept', async () => {
    const { path, ledger, before } = await withFailedTail('cut');
    const failing = ledger.append([
      { conversation: 'f1', expectedSeq: 0, entries: [forked('nowhere', 3), ...lines(5, 5)] },
    ]);
    await expect(failing).rejects.toThrow('nowhere');
    expect(statSync(`${path}-wal`).size).toBe(before);
    expect(seqs(copy(path, join(folder, 'cut-crashed.sqlite')))).toEqual([1, 2, 3]);
    await ledger.append([{ conversation: 'c1', expectedSeq: 3, entries: lines(4, 6) }]);
    expect(seqs(copy(path, join(folder, 'cut-later.sqlite')))).toEqual([1, 2, 3, 4, 5, 6]);
    ledger.close();
    expect(seqs(path)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
