import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

const headerBytes = 32;
const frameHeaderBytes = 24;

/**
 * Cuts off what a failed transaction left at the end of the write-ahead log.
 *
 * A transaction of which the sync failed has not happened for SQLite, and whoever wanted it is told so. Its frames, the
 * mark of the commit among them, are in the log all the same, until another transaction is written over them: a
 * process that is killed before that would find the transaction there when it starts again. `NOOP` says how many frames
 * SQLite itself counts, and changes nothing.
 *
 * Throws when the log cannot be cut. That the cut is synced is only tried: the disk that has just failed one may fail
 * the next. The next transaction that is acknowledged syncs it.
 */
export const cutFailedTail = (database: DatabaseSync, path: string): void => {
  const counted = database.prepare('PRAGMA wal_checkpoint(NOOP)').get();
  const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.page_size);
  const frames = Number(counted?.log);
  // Not a write-ahead log, or none yet: a failed transaction is rolled back by its journal.
  if (!(frames >= 0)) return;
  const end = headerBytes + frames * (frameHeaderBytes + pageBytes);
  const log = openSync(`${path}-wal`, 'r+');
  try {
    if (fstatSync(log).size > end) ftruncateSync(log, end);
    fsyncSync(log);
  } catch (error) {
    if (fstatSync(log).size > end) throw error;
  } finally {
    closeSync(log);
  }
};
