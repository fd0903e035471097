import { renameSync, rmSync } from 'node:fs';
import { backup, type DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { makePrivateFile } from './sqlite-file.ts';

const pagesPerStep = 256;
const attempts = 200;
const pauseMs = 5;

/**
 * The first step of a copy fell into a transaction of this connection. Node repeats later steps that do, but reports the first one
 * as an error of SQLite with the code 0.
 */
const metTransaction = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 'ERR_SQLITE_ERROR' && (error as { errcode?: unknown }).errcode === 0;

const copied = async (database: DatabaseSync, file: string): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      await backup(database, file, { rate: pagesPerStep });
      return;
    } catch (error) {
      if (!metTransaction(error) || attempt === attempts) throw error;
      await setTimeout(pauseMs);
    }
  }
};

/** Copies a database that is in use to `target`, which is replaced when the copy is complete. */
export const copyDatabase = async (database: DatabaseSync, target: string): Promise<void> => {
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  try {
    makePrivateFile(partial);
    await copied(database, partial);
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
};
