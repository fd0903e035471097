import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '@parley/runtime';

const busy = 5;

/**
 * Locks a folder for one process until the lock is disposed of or the process ends. The operating system holds the lock on an empty
 * SQLite file, so that a killed process leaves no lock. Throws a ConfigError when another process has the lock.
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
