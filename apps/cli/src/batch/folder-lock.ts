import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '@parley/runtime';

const busy = 5;

/**
 * A folder for one process alone, until the lock is disposed of or the process is gone, however it ended: the lock is the
 * operating system's on an empty SQLite file, so none is ever left behind. Throws a ConfigError when another has it.
 */
export const lockFolder = (folder: string): Disposable => {
  const file = new DatabaseSync(join(folder, 'lock'));
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode !== busy) throw error;
    throw new ConfigError([`${folder} is in use by another batch: wait for its end, or give another --out`]);
  }
  return { [Symbol.dispose]: () => file.close() };
};
