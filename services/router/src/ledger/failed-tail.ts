import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

const headerBytes = 32;
const frameHeaderBytes = 24;

/**
 * Truncates the frames that a failed transaction left at the end of the write-ahead log.
 *
 * When the sync of a transaction fails, SQLite reports that the transaction did not happen. Its frames, including the commit
 * mark, stay in the log until another transaction overwrites them. If the process is killed before that, the next start would
 * replay them as a committed transaction. The checkpoint mode `NOOP` changes nothing and returns how many frames SQLite counts.
 *
 * Throws when the log cannot be truncated. A failed sync of the truncation is ignored, because the disk has just failed one
 * sync and may fail another. The next acknowledged transaction syncs the log.
 */
export const cutFailedTail = (database: DatabaseSync, path: string): void => {
  const counted = database.prepare('PRAGMA wal_checkpoint(NOOP)').get();
  const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.page_size);
  const frames = Number(counted?.log);
  // There is no write-ahead log (yet): SQLite rolls a failed transaction back from its journal.
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
