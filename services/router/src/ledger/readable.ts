import { LedgerDamage } from './damage.ts';

/** SQLite's result codes for data that the disk returns wrongly or not at all: IOERR, CORRUPT, NOTADB. */
const unreadable = [10, 11, 26];

/** Whether an error of SQLite means that the stored data cannot be read. */
const isUnreadable = (error: unknown): boolean =>
  unreadable.includes(((error as { errcode?: number } | null)?.errcode ?? 0) & 0xff);

/** Runs `read`. Data that SQLite cannot read is reported as damage, like data that does not match its checksum. */
export const readable = <T>(path: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw isUnreadable(error) ? new LedgerDamage(path, [(error as Error).message], error) : error;
  }
};
