import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError, whoMayUse } from '@parley/runtime';
import { LedgerDamage } from '../damage.ts';
import { isHeldElsewhere } from '../holder.ts';
import { foreign, migrate } from './sqlite-schema.ts';
import { walDamage } from './wal-check.ts';

/** SQLite's result codes: another process holds the lock; the file is damaged; the file is no database. */
const busy = 5;
const corrupt = 11;
const notADatabase = 26;

/** Larger files are not checked at start, only by `parley-router verify`. The check of 150 MB takes 0.1 s from memory. */
const maxCheckedBytes = 1024 ** 3;

/**
 * Makes a file that only its owner may read, unless it is there: it will hold all that was said. SQLite gives the write-ahead
 * log the mode of the file beside it.
 */
export const makePrivateFile = (path: string): void => closeSync(openSync(path, 'a', 0o600));

const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const cannot = (path: string, why: string) =>
  new ConfigError([`ROUTER_LEDGER: ${path} cannot be opened: ${why}`]);

/** Turns an error of SQLite into one that tells the operator what to do. */
export const explained = (path: string, error: unknown): ConfigError | LedgerDamage => {
  if (error instanceof ConfigError || error instanceof LedgerDamage) return error;
  const { errcode, message } = error as { errcode?: number; message: string };
  const kind = (errcode ?? 0) & 0xff;
  if (kind === corrupt) return new LedgerDamage(path, [message]);
  if (kind === notADatabase) return cannot(path, 'it is not a ledger, or its first page is damaged');
  if (kind === busy) return cannot(path, 'another process has it open');
  const closed = whoMayUse(path, { write: true }) || whoMayUse(dirname(path), { write: true });
  const fixed = /EROFS|read-only file system/i.test(message) ? '; in a container only /data is kept' : '';
  return cannot(path, message + closed + fixed);
};

/** Runs before SQLite opens the files, because opening them would discard what SQLite cannot read. */
const checkBeforeOpening = (path: string): void => {
  const log = `${path}-wal`;
  if (bytesOf(path) === 0 && bytesOf(log) > 0) {
    throw new LedgerDamage(path, [`the file is empty or gone, and ${log} is not`]);
  }
  const damage = walDamage(log);
  if (damage === undefined) return;
  throw isHeldElsewhere(path)
    ? cannot(path, 'another process has it open')
    : new LedgerDamage(path, [damage]);
};

/** The first places at which the structure of the file is damaged. `check`: SQLite's complete check or its quick one. */
export const structuralFaults = (
  database: DatabaseSync,
  check: 'integrity_check' | 'quick_check',
): string[] => {
  const pageSize = Number(database.prepare('PRAGMA page_size').get()?.page_size);
  const faults: string[] = [];
  try {
    for (const row of database.prepare(`PRAGMA ${check}(10)`).iterate()) {
      const fault = String(Object.values(row)[0]);
      const page = /page (\d+)/i.exec(fault)?.[1];
      if (fault !== 'ok')
        faults.push(page === undefined ? fault : `${fault} (offset ${(Number(page) - 1) * pageSize})`);
    }
  } catch (error) {
    // Some kinds of damage make the check itself fail, after it has reported what it found.
    if (faults.length === 0) throw error;
  }
  return faults;
};

export interface OpenOptions {
  /** False: the file must exist, and the only change to it is that its write-ahead log is merged into it. */
  readonly create: boolean;
}

/** How long a starting router waits for the file while the router before it stops. */
const handoverMs = 2_500;

/**
 * The file, locked against every other process, with the write-ahead log merged into it. Throws a ConfigError when it is no
 * ledger, and LedgerDamage when it is damaged.
 */
export const openLedgerFile = (path: string, { create }: OpenOptions): DatabaseSync => {
  let database: DatabaseSync | undefined;
  try {
    if (create) mkdirSync(dirname(path), { recursive: true });
    else if (bytesOf(path) === 0) throw cannot(path, 'there is no such ledger');
    checkBeforeOpening(path);
    const isNew = bytesOf(path) === 0;
    if (isNew) makePrivateFile(path);
    database = new DatabaseSync(path, { timeout: create ? handoverMs : 0 });
    // Exclusive before WAL: no shared-memory file, and a second process is refused instead of corrupting order.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const strange = foreign(database);
    if (strange) throw cannot(path, strange);
    // Returns the space of removed conversations to the file system. SQLite accepts this setting only for an empty file.
    if (isNew) database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    if (create) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('BEGIN EXCLUSIVE; COMMIT');
    if (!create) return database;
    const faults = bytesOf(path) <= maxCheckedBytes ? structuralFaults(database, 'quick_check') : [];
    if (faults.length > 0) throw new LedgerDamage(path, faults);
    migrate(database);
    return database;
  } catch (error) {
    database?.close();
    throw explained(path, error);
  }
};
