import { LedgerDamage } from './damage.ts';

/** SQLite's result codes for what the disk gives back wrongly or not at all: IOERR, CORRUPT, NOTADB. */
const unreadable = [10, 11, 26];

/** Whether an error of SQLite means that what is stored cannot be read. */
const isUnreadable = (error: unknown): boolean =>
  unreadable.includes(((error as { errcode?: number } | null)?.errcode ?? 0) & 0xff);

/** Reads; what SQLite cannot read is damage, like what does not match its checksum. */
export const readable = <T>(path: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw isUnreadable(error) ? new LedgerDamage(path, [(error as Error).message], error) : error;
  }
};
