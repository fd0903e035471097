import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';

/** `PARL`, in the header of every ledger file. */
export const applicationId = 0x5041524c;

/** Step i upgrades a database from version i to i + 1. A released step is never changed. */
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

  // ended: 0 running, 1 ended, 2 being removed. sum: the CRC-32 of the body.
  `ALTER TABLE conversations ADD COLUMN ended_at INTEGER;
   ALTER TABLE conversations ADD COLUMN parent TEXT;
   ALTER TABLE entries ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
   UPDATE entries SET sum = crc32(body);
   UPDATE conversations SET
     ended_at = (SELECT json_extract(body, '$.at') FROM entries WHERE conversation = key ORDER BY seq DESC LIMIT 1),
     parent = (SELECT json_extract(body, '$.parent.conversation') FROM entries WHERE conversation = key ORDER BY seq LIMIT 1);
   UPDATE conversations SET ended_at = NULL WHERE ended = 0;
   CREATE INDEX conversations_running ON conversations (key) WHERE ended = 0;
   CREATE INDEX conversations_by_ending ON conversations (ended_at) WHERE ended > 0;
   CREATE INDEX conversations_by_parent ON conversations (parent) WHERE parent IS NOT NULL;
   PRAGMA application_id = ${applicationId};`,

  // entry_sum: the checksum of the entry at that seq. It proves that the checkpoint belongs to these entries.
  `CREATE TABLE checkpoints (
     conversation INTEGER PRIMARY KEY REFERENCES conversations (key),
     seq INTEGER NOT NULL,
     entry_sum INTEGER NOT NULL,
     version INTEGER NOT NULL,
     body TEXT NOT NULL,
     sum INTEGER NOT NULL
   );`,

  // digest: the SHA-256 of the token of the link.
  `CREATE TABLE shares (
     key INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     conversation INTEGER NOT NULL REFERENCES conversations (key),
     digest TEXT NOT NULL,
     made_by TEXT NOT NULL,
     made_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     revoked_by TEXT,
     revoked_at INTEGER
   );
   CREATE INDEX shares_by_conversation ON shares (conversation);`,
];

const numberOf = (database: DatabaseSync, pragma: string): number =>
  Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0] ?? 0);

/** Why this version cannot read the file as a ledger; undefined when it can, or when the file is new. */
export const foreign = (database: DatabaseSync): string | undefined => {
  const application = numberOf(database, 'application_id');
  const version = numberOf(database, 'user_version');
  if (version > steps.length) return `it was written by a newer version (schema ${version})`;
  if (application === applicationId) return undefined;
  // The first schema did not set the application id.
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const names = tables.map(({ name }) => String(name)).join();
  const known = version === 1 ? 'conversations,entries,marks,sqlite_sequence' : '';
  return application === 0 && version <= 1 && names === known
    ? undefined
    : 'it is a database of another program';
};

/** Upgrades an older ledger to this version, in one transaction. */
export const migrate = (database: DatabaseSync): void => {
  const version = numberOf(database, 'user_version');
  database.function('crc32', { deterministic: true }, (body) => crc32(String(body)));
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    try {
      database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT`);
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
};
