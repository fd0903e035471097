import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteLedger, sqliteLedger } from '../../src/ledger/sqlite.ts';
import { finished, lines, opened } from './ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const all = Number.MAX_SAFE_INTEGER;

const filled = async (name: string): Promise<string> => {
  const path = join(folder, name);
  const ledger = openSqliteLedger(path);
  await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 10)] }]);
  await ledger.append([{ conversation: 'c2', expectedSeq: 0, entries: finished(10) }]);
  ledger.close();
  return path;
};

describe('a backup', () => {
  it('a backup is a complete ledger, although appends continue while it is made', async () => {
    const path = join(folder, 'busy.sqlite');
    const ledger = openSqliteLedger(path);
    const text = 'x'.repeat(2_000);
    await ledger.append([
      { conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 2_000, text)] },
    ]);
    const before = ledger.position();
    const target = join(folder, 'copy.sqlite');
    let done = false;
    const copying = ledger.backup(target).finally(() => {
      done = true;
    });
    let seq = 2_000;
    while (!done) {
      await ledger.append([{ conversation: 'c1', expectedSeq: seq, entries: lines(seq + 1, seq + 1, text) }]);
      seq++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await copying;
    const after = ledger.position();
    const copy = openSqliteLedger(target);
    const copied = copy.readAll(0, all);
    expect(copied.length).toBeGreaterThanOrEqual(before);
    expect(copied).toEqual(ledger.readAll(0, all).slice(0, copied.length));
    expect(after).toBeGreaterThan(before);
    copy.close();
    ledger.close();
  });

  it('a backup that begins while the ledger writes waits for the end of the transaction', async () => {
    const path = await filled('writing.sqlite');
    const database = new DatabaseSync(path);
    onTestFinished(() => database.close());
    const target = join(folder, 'copy-of-writing.sqlite');
    database.exec("BEGIN IMMEDIATE; INSERT INTO marks (name, position) VALUES ('x', 1)");
    const copying = sqliteLedger(database, path).backup(target);
    const failed = copying.catch((error: unknown) => error);
    for (let i = 0; i < 1_000; i++) await new Promise((resolve) => setImmediate(resolve));
    database.exec('COMMIT');
    expect(await failed).toBeUndefined();
    const copy = openSqliteLedger(target);
    expect(copy.marks()).toEqual(new Map([['x', 1]]));
    copy.close();
  });

  it('a backup that fails leaves the earlier file unchanged', async () => {
    const path = await filled('source.sqlite');
    const ledger = openSqliteLedger(path);
    await expect(ledger.backup(join(folder, 'no-such-folder/copy.sqlite'))).rejects.toThrow();
    const target = join(folder, 'kept.sqlite');
    await ledger.backup(target);
    const kept = readFileSync(target);
    await ledger.backup(target);
    expect(readFileSync(target).length).toBe(kept.length);
    expect(statSync(`${target}.partial`, { throwIfNoEntry: false })).toBeUndefined();
    ledger.close();
  });
});
