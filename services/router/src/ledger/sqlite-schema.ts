import type { DatabaseSync } from 'node:sqlite';

/** Each step takes a database from version i to i + 1. Steps are only ever added. */
const steps: readonly string[] = [
  `CREATE TABLE conversations (
     key INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     ended INTEGER NOT NULL DEFAULT 0
   );
   CREATE TABLE entries (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     conversation INTEGER NOT NULL REFERENCES conversations (key),
     seq INTEGER NOT NULL,
     body TEXT NOT NULL
   );
   CREATE UNIQUE INDEX entries_by_conversation ON entries (conversation, seq);
   CREATE TABLE marks (name TEXT PRIMARY KEY, position INTEGER NOT NULL);`,
];

/** Brings an older ledger to this version; a newer one is refused, never guessed at. */
export const migrate = (database: DatabaseSync): void => {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > steps.length) throw new Error(`it was written by a newer version (schema ${version})`);
  for (const [index, step] of steps.entries()) {
    if (index >= version) database.exec(`BEGIN; ${step} PRAGMA user_version = ${index + 1}; COMMIT`);
  }
};
