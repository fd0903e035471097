import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { finished, forked, lines, opened } from './ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-verify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
let path = '';

beforeEach(async () => {
  path = join(folder, `${++files}.sqlite`);
  const ledger = openSqliteLedger(path);
  await ledger.append([
    { conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 9)] },
    { conversation: 'c2', expectedSeq: 0, entries: finished(6) },
  ]);
  await ledger.append([{ conversation: 'f1', expectedSeq: 0, entries: [forked('c1', 4), ...lines(6, 7)] }]);
  ledger.close();
});

const harm = (sql: string): readonly string[] => {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  return verifyLedger(path).faults;
};

describe('verifying a ledger', () => {
  it('verify finds no fault in an intact ledger, and counts its contents', () => {
    expect(verifyLedger(path)).toMatchObject({ conversations: 3, running: 2, entries: 18, faults: [] });
  });

  // Where each fork is replayed from its first ancestor, this takes many minutes.
  it('verify comes to the end of 1,500 forks, each of the one before it', { timeout: 120_000 }, async () => {
    const ledger = openSqliteLedger(path);
    const forks = Array.from({ length: 1_500 }, (_, i) => ({
      conversation: `g${i + 1}`,
      expectedSeq: 0,
      entries: [forked(i === 0 ? 'c1' : `g${i}`, 9 + i)],
    }));
    await ledger.append(forks);
    ledger.close();
    expect(verifyLedger(path)).toMatchObject({ conversations: 1_503, faults: [] });
  });

  it('verify finds no fault in forks of forks at entries that they share with the first conversation', async () => {
    const ledger = openSqliteLedger(path);
    await ledger.append([
      { conversation: 'f2', expectedSeq: 0, entries: [forked('f1', 3), ...lines(5, 6)] },
      { conversation: 'f3', expectedSeq: 0, entries: [forked('f2', 2), ...lines(4, 5)] },
      { conversation: 'f4', expectedSeq: 0, entries: [forked('f1', 6), ...lines(8, 9)] },
    ]);
    ledger.close();
    expect(verifyLedger(path).faults).toEqual([]);
  });

  it('verify changes nothing', () => {
    const before = readFileSync(path);
    verifyLedger(path);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('verify reads a ledger of an older schema without upgrading it', () => {
    harm('DROP TABLE checkpoints; DROP TABLE shares');
    harm(`ALTER TABLE entries DROP COLUMN sum; DROP INDEX conversations_by_ending; DROP INDEX conversations_by_parent;
          ALTER TABLE conversations DROP COLUMN ended_at; ALTER TABLE conversations DROP COLUMN parent;
          PRAGMA application_id = 0; PRAGMA user_version = 1`);
    expect(verifyLedger(path).faults).toEqual([]);
    const database = new DatabaseSync(path);
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    database.close();
  });

  it.each([
    [
      'a changed byte',
      "UPDATE entries SET body = replace(body, 'line 5', 'lime 5') WHERE position = 5",
      'conversation c1, entry 5 (position 5): does not match its checksum',
    ],
    ['a missing entry', 'DELETE FROM entries WHERE position = 5', 'conversation c1, entry 6: follows 4'],
    [
      'an entry beyond the end',
      `INSERT INTO entries (conversation, seq, body, sum) SELECT 2, 7, '{}', 2745614147`,
      'conversation c2, entry 7 (position 19): entry.type is not one of',
    ],
    [
      'an end that is not marked as one',
      "UPDATE conversations SET ended = 0 WHERE id = 'c2'",
      'conversation c2: its last entry is ended, and it is kept as running',
    ],
    [
      'entries of no conversation',
      "PRAGMA foreign_keys = OFF; DELETE FROM conversations WHERE id = 'c2'",
      'position 10: belongs to no conversation',
    ],
    [
      'a fork without its parent',
      "UPDATE conversations SET id = 'other' WHERE id = 'c1'",
      'conversation f1, entry 5: its parent c1 is not there',
    ],
    ['a conversation without entries', 'DELETE FROM entries WHERE conversation = 2', 'c2: has no entries'],
    [
      'positions given out twice',
      "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'entries'",
      'position 18: beyond the last one that was given out, 3',
    ],
  ])('verify finds %s', (_, sql, fault) => {
    expect(harm(sql).join('\n')).toContain(fault);
  });

  it('verify finds a broken structure and its offset', () => {
    const bytes = readFileSync(path);
    const pageSize = bytes.readUInt16BE(16);
    // The page of the entries: the one in which their texts stand.
    const page = Math.floor(bytes.indexOf('a line 3') / pageSize);
    bytes.fill(0xff, page * pageSize, page * pageSize + 8);
    writeFileSync(path, bytes);
    expect(verifyLedger(path).faults.join('\n')).toContain(`offset ${page * pageSize}`);
  });
});

const router = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = (...args: string[]) => spawnSync(process.execPath, [router, ...args], { encoding: 'utf8' });

describe('parley-router', { timeout: 30_000 }, () => {
  it('parley-router verify prints its findings and exits with their code', () => {
    const good = run('verify', path);
    expect(good.stdout).toContain('3 conversations (2 running), 18 entries');
    expect(good.stdout).toContain('every entry is whole and in its place');
    expect(good.status).toBe(0);
    harm('DELETE FROM entries WHERE position = 5');
    const bad = run('verify', path);
    expect(bad.stdout).toContain('conversation c1, entry 6: follows 4');
    expect(bad.status).toBe(1);
  });

  it('parley-router verify and backup refuse a ledger that a router has open, and a missing one', () => {
    const ledger = openSqliteLedger(path);
    for (const args of [
      ['verify', path],
      ['backup', path, join(folder, 'never.sqlite')],
    ]) {
      const { stderr, status } = run(...args);
      expect(stderr).toContain('another process has it open');
      expect(stderr).not.toContain('    at ');
      expect(status).toBe(1);
    }
    ledger.close();
    expect(run('verify', join(folder, 'none.sqlite')).stderr).toContain('there is no such ledger');
  });

  it('parley-router backup makes a ledger that verifies, and overwrites no file', () => {
    const target = join(folder, `${files}-copy.sqlite`);
    expect(run('backup', path, target)).toMatchObject({ status: 0 });
    expect(verifyLedger(target)).toMatchObject({ entries: 18, faults: [] });
    expect(run('backup', path, target).stderr).toContain('is there already');
  });
});
