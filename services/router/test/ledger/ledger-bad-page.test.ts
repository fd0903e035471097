import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LedgerDamage } from '../../src/ledger/damage.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { lines, opened } from './ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a ledger on a disk that goes bad', () => {
  it('a ledger reports a page that becomes unreadable while it is open, and reads the other pages', {
    timeout: 60_000,
  }, async () => {
    // Larger than what SQLite keeps of a file in memory.
    const path = join(folder, 'bad-page.sqlite');
    const filled = openSqliteLedger(path);
    const entries = [opened(), ...lines(2, 60, 'x'.repeat(2_000))];
    for (let i = 1; i <= 30; i++) await filled.append([{ conversation: `c${i}`, expectedSeq: 0, entries }]);
    filled.close();
    const ledger = openSqliteLedger(path);
    const bytes = readFileSync(path);
    const pageSize = bytes.readUInt16BE(16);
    const page = Math.floor(bytes.indexOf('xxx 30"') / pageSize);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(64, 0xff), 0, 64, page * pageSize);
    closeSync(file);
    const outcomes = Array.from({ length: 30 }, (_, i) => {
      try {
        return ledger.read(`c${i + 1}`, 0, 10_000).length;
      } catch (error) {
        return error;
      }
    });
    const bad = outcomes.filter((outcome) => typeof outcome !== 'number');
    expect(bad.length).toBeGreaterThan(0);
    expect(bad.length).toBeLessThan(30);
    for (const error of bad) expect(error).toBeInstanceOf(LedgerDamage);
    expect(() => ledger.readAll(0, 1_000_000)).toThrow(LedgerDamage);
    ledger.close();
  });
});
