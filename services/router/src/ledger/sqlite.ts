import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '@parley/kit';
import type { Entry } from '@parley/protocol';
import type { Appended, Batch, Ledger } from './ledger.ts';
import { migrate } from './sqlite-schema.ts';

/** SQLITE_BUSY: somebody else holds the lock. */
const busy = 5;

const openDatabase = (path: string): DatabaseSync => {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(path);
    // Exclusive before WAL: no shared-memory file, and a second process is refused instead of corrupting order.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('BEGIN EXCLUSIVE; COMMIT');
    migrate(database);
    return database;
  } catch (error) {
    database?.close();
    const { errcode, message } = error as { errcode?: number; message: string };
    const why = errcode === busy ? 'another process has it open' : message;
    throw new ConfigError([`ROUTER_LEDGER: ${path} cannot be opened: ${why}`]);
  }
};

/** One file; all appends of one call are one transaction, synced to disk before the promise resolves. */
export const openSqliteLedger = (path: string): Ledger => {
  const database = openDatabase(path);
  const addConversation = database.prepare('INSERT INTO conversations (id) VALUES (?)');
  const findConversation = database.prepare(
    'SELECT c.key, (SELECT max(seq) FROM entries WHERE conversation = c.key) AS seq FROM conversations c WHERE id = ?',
  );
  const endConversation = database.prepare('UPDATE conversations SET ended = 1 WHERE key = ?');
  const addEntry = database.prepare('INSERT INTO entries (conversation, seq, body) VALUES (?, ?, ?)');
  const readEntries = database.prepare(
    'SELECT body FROM entries WHERE conversation = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const readLog = database.prepare(
    'SELECT e.position, c.id, e.body FROM entries e JOIN conversations c ON c.key = e.conversation WHERE e.position > ? ORDER BY e.position LIMIT ?',
  );
  const setMark = database.prepare('INSERT OR REPLACE INTO marks (name, position) VALUES (?, ?)');
  let position = Number(database.prepare('SELECT max(position) AS last FROM entries').get()?.last ?? 0);

  /** Where each running conversation is. The lock makes this copy the truth; a failed transaction drops it. */
  let heads = new Map<string, { key: number; seq: number }>();

  const headOf = (id: string): { key: number; seq: number } | undefined => {
    const known = heads.get(id);
    if (known) return known;
    const row = findConversation.get(id);
    if (!row) return undefined;
    const head = { key: Number(row.key), seq: Number(row.seq ?? 0) };
    heads.set(id, head);
    return head;
  };

  const appendOne = ({ conversation, expectedSeq, entries }: Batch): Appended => {
    let head = headOf(conversation);
    if ((head?.seq ?? 0) !== expectedSeq) return { ok: false, seq: head?.seq ?? 0 };
    if (!head) {
      head = { key: Number(addConversation.run(conversation).lastInsertRowid), seq: 0 };
      heads.set(conversation, head);
    }
    for (const entry of entries) {
      addEntry.run(head.key, entry.seq, JSON.stringify(entry));
      position++;
      head.seq = entry.seq;
      if (entry.type === 'ended') {
        endConversation.run(head.key);
        heads.delete(conversation);
      }
    }
    return { ok: true, position };
  };

  const transact = <T>(work: () => T): T => {
    const before = position;
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      position = before;
      heads = new Map();
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };

  const keyOf = (id: string): number | undefined => headOf(id)?.key;
  const toEntry = (body: unknown): Entry => JSON.parse(body as string) as Entry;
  const ids = (rows: Record<string, unknown>[]) => rows.map(({ id }) => id as string);

  return {
    async append(batches) {
      return transact(() => batches.map(appendOne));
    },
    read(conversation, since, limit) {
      const key = keyOf(conversation);
      return key === undefined ? [] : readEntries.all(key, since, limit).map(({ body }) => toEntry(body));
    },
    readAll: (since, limit) =>
      readLog.all(since, limit).map((row) => ({
        position: Number(row.position),
        conversation: row.id as string,
        entry: toEntry(row.body),
      })),
    position: () => position,
    unfinished: () =>
      ids(database.prepare('SELECT id FROM conversations WHERE ended = 0 ORDER BY key').all()),
    recent: (limit) =>
      ids(database.prepare('SELECT id FROM conversations ORDER BY key DESC LIMIT ?').all(limit)),
    marks: () =>
      new Map(
        database
          .prepare('SELECT name, position FROM marks')
          .all()
          .map(({ name, position: at }) => [name as string, Number(at)]),
      ),
    mark: (marks) =>
      transact(() => {
        for (const [name, at] of marks) setMark.run(name, at);
      }),
    close: () => database.close(),
  };
};
