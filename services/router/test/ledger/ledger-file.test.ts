import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '@parley/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { LedgerDamage } from '../../src/ledger/damage.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { applicationId } from '../../src/ledger/sqlite/sqlite-schema.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { finished, forked, lines, opened } from './ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const all = Number.MAX_SAFE_INTEGER;

const inFile = <T>(path: string, work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
};

const filled = async (name: string, conversations = 3, length = 10): Promise<string> => {
  const path = join(folder, name);
  const ledger = openSqliteLedger(path);
  for (let i = 1; i <= conversations; i++) {
    const entries = i === 1 ? [opened(), ...lines(2, length)] : finished(length);
    await ledger.append([{ conversation: `c${i}`, expectedSeq: 0, entries }]);
  }
  ledger.close();
  return path;
};

const problemOf = (open: () => unknown): ConfigError | LedgerDamage => {
  try {
    open();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof LedgerDamage) return error;
    throw error;
  }
  throw new Error('it was opened');
};

describe('the ledger file', () => {
  it('the ledger file is created with its folder, marked as a ledger, and synced at every commit', () => {
    const path = join(folder, 'new/deep/ledger.sqlite');
    openSqliteLedger(path).close();
    inFile(path, (database) => {
      expect(database.prepare('PRAGMA application_id').get()).toEqual({ application_id: applicationId });
      expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 4 });
      expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
      // FULL is SQLite's default here; ours must not be less.
      expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    });
  });

  it('the ledger file and its copies are readable only by their owner', async () => {
    const path = join(folder, 'private/ledger.sqlite');
    const ledger = openSqliteLedger(path);
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: finished(3) }]);
    await ledger.backup(`${path}.backup`);
    const modes = [path, `${path}-wal`, `${path}.backup`].map((file) => statSync(file).mode & 0o777);
    ledger.close();
    expect(modes.map((mode) => mode.toString(8))).toEqual(['600', '600', '600']);
  });

  it('the ledger file keeps another mode that the operator gave to it', async () => {
    const path = await filled('shared.sqlite', 1, 2);
    chmodSync(path, 0o640);
    openSqliteLedger(path).close();
    expect((statSync(path).mode & 0o777).toString(8)).toBe('640');
  });

  it('the ledger file is refused with a message while another process has it open', async () => {
    const path = await filled('locked.sqlite');
    const first = openSqliteLedger(path);
    expect(problemOf(() => openSqliteLedger(path)).message).toBe(
      `ROUTER_LEDGER: ${path} cannot be opened: another process has it open`,
    );
    expect(first.read('c1', 0, all)).toHaveLength(10);
    first.close();
  });

  it('a file that is no ledger is refused', () => {
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'these are not the entries that you are looking for'.repeat(100));
    expect(problemOf(() => openSqliteLedger(text)).message).toContain('it is not a ledger');
    expect(readFileSync(text, 'utf8')).toMatch(/^these are not/);

    const other = join(folder, 'other.sqlite');
    inFile(other, (database) => database.exec('CREATE TABLE shopping (item TEXT)'));
    expect(problemOf(() => openSqliteLedger(other)).message).toContain('a database of another program');
    inFile(other, (database) => {
      expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
      expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'shopping' }]);
    });
  });

  it('a ledger file of a newer version is refused', async () => {
    const path = await filled('newer.sqlite');
    inFile(path, (database) => database.exec('PRAGMA user_version = 99'));
    expect(problemOf(() => openSqliteLedger(path)).message).toContain('a newer version (schema 99)');
  });

  it('the ledger file is refused with a reason when its folder cannot be created', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    expect(problemOf(() => openSqliteLedger(join(file, 'ledger.sqlite'))).message).toMatch(
      /cannot be opened: .*(EEXIST|ENOTDIR)/,
    );
  });

  it('the ledger file returns space to the file system when conversations are removed', async () => {
    const path = join(folder, 'shrinks.sqlite');
    const ledger = openSqliteLedger(path);
    for (let i = 0; i < 20; i++) {
      const entries = finished(100).map((entry) =>
        entry.type === 'said' ? { ...entry, text: 'x'.repeat(1_000) } : entry,
      );
      await ledger.append([{ conversation: `c${i}`, expectedSeq: 0, entries }]);
    }
    const before = ledger.size();
    for (const { id } of ledger.removable(100)) while (ledger.remove([id], 50).gone === 0);
    expect(ledger.size()).toBeLessThan(before / 4);
    ledger.close();
    expect(statSync(path).size).toBeLessThan(before / 2);
  });
});

describe('a damaged ledger', () => {
  it('a damaged ledger is refused with the file and the offset when its structure is broken', async () => {
    const path = await filled('broken-page.sqlite', 30, 60);
    const bytes = readFileSync(path);
    const pageSize = bytes.readUInt16BE(16);
    const page = Math.floor(bytes.length / pageSize / 2);
    bytes.fill(0xa5, page * pageSize, page * pageSize + 200);
    writeFileSync(path, bytes);
    const problem = problemOf(() => openSqliteLedger(path));
    expect(problem).toBeInstanceOf(LedgerDamage);
    expect(problem.message).toContain(`${path} is damaged`);
    expect(problem.message).toContain(`offset ${page * pageSize}`);
  });

  it('a ledger is refused when its end is missing', async () => {
    const path = await filled('cut.sqlite', 30, 60);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 3 * 4_096));
    expect(problemOf(() => openSqliteLedger(path))).toBeInstanceOf(LedgerDamage);
  });

  const reading = async (name: string, harm: (database: DatabaseSync) => void) => {
    const path = await filled(name);
    inFile(path, harm);
    const ledger = openSqliteLedger(path);
    try {
      return problemOf(() => ledger.read('c1', 0, all));
    } finally {
      ledger.close();
    }
  };

  it('a damaged ledger is reported with the entry in which one character has changed', async () => {
    const problem = await reading('byte.sqlite', (database) =>
      database.exec("UPDATE entries SET body = replace(body, 'a line 4', 'a lime 4') WHERE position = 4"),
    );
    expect(problem).toBeInstanceOf(LedgerDamage);
    expect(problem.message).toContain('entry 4 of conversation c1 (position 4) does not match its checksum');
  });

  it('a damaged ledger is reported with the missing entry', async () => {
    const problem = await reading('hole.sqlite', (database) =>
      database.exec('DELETE FROM entries WHERE position = 5'),
    );
    expect(problem.message).toContain('entry 5 of conversation c1 is missing');
  });
});

describe('a ledger of the first schema', () => {
  /** As the first version made it: no mark in the header, no checksums. */
  const old = (path: string, extra = ''): void =>
    inFile(path, (database) => {
      database.exec(`
        PRAGMA journal_mode = WAL;
        CREATE TABLE conversations (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, ended INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE entries (
          position INTEGER PRIMARY KEY AUTOINCREMENT,
          conversation INTEGER NOT NULL REFERENCES conversations (key),
          seq INTEGER NOT NULL,
          body TEXT NOT NULL
        );
        CREATE UNIQUE INDEX entries_by_conversation ON entries (conversation, seq);
        CREATE TABLE marks (name TEXT PRIMARY KEY, position INTEGER NOT NULL);
        INSERT INTO marks VALUES ('alice', 2);
        ${extra}
        PRAGMA user_version = 1;`);
      const put = (key: number, id: string, entries: readonly { seq: number; type: string }[]) => {
        const isEnded = entries.at(-1)?.type === 'ended' ? 1 : 0;
        database.prepare('INSERT INTO conversations VALUES (?, ?, ?)').run(key, id, isEnded);
        const add = database.prepare('INSERT INTO entries (conversation, seq, body) VALUES (?, ?, ?)');
        for (const entry of entries) add.run(key, entry.seq, JSON.stringify(entry));
      };
      put(1, 'running', [opened(), ...lines(2, 4)]);
      put(2, 'over', finished(3, 7_000));
      put(3, 'parent', finished(3, 6_000));
      put(4, 'fork', [forked('parent', 2)]);
    });

  const check = (ledger: Ledger): void => {
    expect(ledger.read('running', 0, all)).toEqual([opened(), ...lines(2, 4)]);
    expect(ledger.unfinished()).toEqual(['running', 'fork']);
    expect(ledger.removable(9)).toMatchObject([{ id: 'over', at: 7_000 }]);
    expect(ledger.marks()).toEqual(new Map([['alice', 2]]));
    expect(ledger.position()).toBe(11);
  };

  it('a ledger of the first schema is upgraded once to the newest one with all its entries', async () => {
    const path = join(folder, 'old.sqlite');
    old(path);
    for (let i = 0; i < 2; i++) {
      const ledger = openSqliteLedger(path);
      check(ledger);
      ledger.close();
    }
    const ledger = openSqliteLedger(path);
    expect(await ledger.append([{ conversation: 'running', expectedSeq: 4, entries: lines(5, 5) }])).toEqual([
      { ok: true, position: 12 },
    ]);
    ledger.close();
  });

  it('a ledger of the first schema stays unchanged when the migration fails', () => {
    const path = join(folder, 'old-stuck.sqlite');
    // Takes the name of something that the migration wants to make.
    old(path, 'CREATE INDEX conversations_by_ending ON conversations (ended);');
    expect(problemOf(() => openSqliteLedger(path)).message).toContain('conversations_by_ending');
    inFile(path, (database) => {
      expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
      expect(database.prepare('SELECT * FROM conversations LIMIT 1').get()).toEqual({
        key: 1,
        id: 'running',
        ended: 0,
      });
    });
  });
});
