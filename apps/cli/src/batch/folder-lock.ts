import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '@parley/runtime';

const busy = 5;

/**
 * Locks a folder for one process until the lock is disposed of or the process ends. The operating system holds the lock on an empty
 * SQLite file, so that a killed process leaves no lock. Throws a ConfigError when another process has the lock.
 */
export const lockFolder = (folder: string): Disposable => {
  const path = join(folder, 'lock');
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path);
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file?.close();
    const { errcode, message } = error as { errcode?: number; message: string };
    throw new ConfigError([
      errcode === busy
        ? `${folder} is in use by another batch: wait for its end, or give another --out`
        : `${path} cannot be locked: ${message}; remove the file, or give another --out`,
    ]);
  }
  const lock = file;
  return { [Symbol.dispose]: () => lock.close() };
};
