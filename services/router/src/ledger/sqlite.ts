import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { LedgerDamage } from './damage.ts';
import { type Appended, type Batch, type Checkpoint, checkSequence, type Ledger } from './ledger.ts';
import { readable } from './readable.ts';
import { copyDatabase } from './sqlite/copy-database.ts';
import { NewEntries } from './sqlite/new-entries.ts';
import { openLedgerFile } from './sqlite/sqlite-file.ts';
import { markRows } from './sqlite/sqlite-marks.ts';
import { removalOf } from './sqlite/sqlite-removal.ts';
import { entryReader, fitting } from './sqlite/sqlite-rows.ts';
import { shareRows } from './sqlite/sqlite-shares.ts';
import { Transactions } from './sqlite/transactions.ts';

const one = (database: DatabaseSync, sql: string): number =>
  Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0);

/** A ledger in one file. All batches of one `append` are one transaction, synced to disk before the promise resolves. */
export const openSqliteLedger = (path: string): Ledger =>
  sqliteLedger(openLedgerFile(path, { create: true }), path);

export interface SqliteLedger extends Ledger {
  /** As `append`, before it returns. What a failed call left in the log is cut off by the next one. */
  appendNow(batches: readonly Batch[]): readonly Appended[];
  /** Removes a conversation whole, and those that were forked from it. It may be running. */
  removeNow(conversation: string): void;
}

/** A ledger on a database that is open already. */
export const sqliteLedger = (database: DatabaseSync, path: string): SqliteLedger => {
  const countConversations = database.prepare('SELECT count(*) AS total FROM conversations WHERE ended < 2');
  /** A cache of `total()`. Undefined after a conversation was added or removed. */
  let total: number | undefined;
  const addConversation = database.prepare('INSERT INTO conversations (id, parent) VALUES (?, ?)');
  const findConversation = database.prepare(
    'SELECT c.key, (SELECT max(seq) FROM entries WHERE conversation = c.key) AS seq FROM conversations c WHERE id = ?',
  );
  const findKey = database.prepare('SELECT key, ended FROM conversations WHERE id = ?');
  const endConversation = database.prepare('UPDATE conversations SET ended = 1, ended_at = ? WHERE key = ?');
  const listRecent = database.prepare(
    'SELECT id, key FROM conversations WHERE ended < 2 AND key < ? ORDER BY key DESC LIMIT ?',
  );
  const newEntries = new NewEntries(database);
  const readEntries = database.prepare(
    'SELECT position, seq, body, sum FROM entries WHERE conversation = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  // The index of `seq` holds the position too, so the bodies of entries before it are not read.
  const readLater = database.prepare(
    'SELECT position, seq, body, sum FROM entries WHERE conversation = ? AND seq > ? AND position > ? ORDER BY seq LIMIT ?',
  );
  const readBackwards = database.prepare(
    'SELECT position, seq, body, sum FROM entries WHERE conversation = ? AND seq > ? AND seq <= ? ORDER BY seq DESC LIMIT ?',
  );
  const readLog = database.prepare(
    'SELECT e.position, c.id, e.seq, e.body, e.sum FROM entries e JOIN conversations c ON c.key = e.conversation WHERE e.position > ? ORDER BY e.position LIMIT ?',
  );
  const listRemovable = database.prepare(
    `SELECT id, ended_at AS at, key AS place FROM conversations c
     WHERE ended > 0 AND ended_at >= ? AND (ended_at > ? OR key > ?)
       AND NOT EXISTS (SELECT 1 FROM conversations fork WHERE fork.parent = c.id)
     ORDER BY ended_at, key LIMIT ?`,
  );
  const listForks = database.prepare(
    'SELECT id FROM conversations WHERE parent = ? AND ended < 2 ORDER BY key LIMIT ?',
  );
  const readCheckpoint = database.prepare(
    `SELECT c.seq, c.version, c.body, c.sum FROM checkpoints c
     JOIN entries e ON e.conversation = c.conversation AND e.seq = c.seq AND e.sum = c.entry_sum
     WHERE c.conversation = ?`,
  );
  const keepCheckpoint = database.prepare(
    `INSERT OR REPLACE INTO checkpoints (conversation, seq, entry_sum, version, body, sum)
     SELECT conversation, seq, sum, ?, ?, ? FROM entries WHERE conversation = ? AND seq = ?`,
  );
  const watermarks = markRows(database);
  // Not the position of the last row: later entries may have been removed, and positions are never reused.
  let position = one(database, "SELECT seq FROM sqlite_sequence WHERE name = 'entries'");

  /** Key and seq of each running conversation. The lock keeps this cache correct; a failed transaction clears it. */
  let heads = new Map<string, { key: number; seq: number }>();

  const headOf = (id: string): { key: number; seq: number } | undefined => {
    const known = heads.get(id);
    if (known) return known;
    const row = findConversation.get(id);
    return row && { key: Number(row.key), seq: Number(row.seq ?? 0) };
  };

  const keyOf = (id: string): number | undefined => {
    const known = heads.get(id);
    if (known) return known.key;
    const row = findKey.get(id);
    return row && row.ended !== 2 ? Number(row.key) : undefined;
  };

  const writeCheckpoint = (key: number, { seq, version, body }: Checkpoint): void => {
    keepCheckpoint.run(version, body, crc32(body), key, seq);
  };

  /** Its entries are written with the next `newEntries.write`. */
  const appendOne = (batch: Batch): Appended => {
    const { conversation, expectedSeq, entries, checkpoint } = batch;
    const head = headOf(conversation) ?? { key: 0, seq: 0 };
    if (head.seq !== expectedSeq) return { ok: false, seq: head.seq };
    const [first] = entries;
    if (!first) return { ok: true, position };
    if (head.key === 0) {
      const parent = first.type === 'forked' ? first.parent.conversation : null;
      if (parent !== null && keyOf(parent) === undefined)
        throw new Error(`${parent} is not there to be forked`);
      total = undefined;
      head.key = Number(addConversation.run(conversation, parent).lastInsertRowid);
    }
    heads.set(conversation, head);
    let at = batch.position ?? position + 1;
    for (const entry of entries) {
      position = at++;
      newEntries.add(position, head.key, entry);
      head.seq = entry.seq;
      if (entry.type === 'ended') {
        newEntries.write();
        endConversation.run(Math.floor(entry.at), head.key);
        heads.delete(conversation);
      }
    }
    if (checkpoint) {
      newEntries.write();
      writeCheckpoint(head.key, checkpoint);
    }
    return { ok: true, position };
  };

  /** The position at the beginning of the current transaction. */
  let positionBefore = position;
  const transactions = new Transactions(database, path, () => {
    position = positionBefore;
    heads = new Map();
    newEntries.drop();
  });
  const transact = <T>(work: () => T): T => {
    positionBefore = position;
    return transactions.run(work);
  };

  const safely = <T>(read: () => T): T => readable(path, read);

  const { toEntry, toEntries } = entryReader(path);
  const shares = shareRows(database);
  const removal = removalOf(database, (key) => shares.removeOf(key));

  const appendNow = (batches: readonly Batch[]): readonly Appended[] => {
    batches.forEach(checkSequence);
    if (batches.length === 0) return [];
    return transact(() => {
      const appended = batches.map(appendOne);
      newEntries.write();
      return appended;
    });
  };

  const removeWithForks = (conversation: string): void => {
    for (const { id } of listForks.all(conversation, Number.MAX_SAFE_INTEGER)) removeWithForks(id as string);
    removal.removeWhole(conversation);
    heads.delete(conversation);
  };

  return {
    appendNow,
    removeNow(conversation) {
      total = undefined;
      transact(() => removeWithForks(conversation));
    },
    async append(batches) {
      try {
        return appendNow(batches);
      } catch (error) {
        await transactions.undone();
        throw error;
      }
    },
    read: (conversation, since, limit, maxBytes) =>
      safely(() => {
        const key = keyOf(conversation);
        if (key === undefined) return [];
        return toEntries(conversation, fitting(readEntries.iterate(key, since, limit), maxBytes), since + 1);
      }),
    readNewest: (conversation, { since, through }, bound) =>
      safely(() => {
        const key = keyOf(conversation);
        if (key === undefined) return [];
        const last = Math.min(through, Number.MAX_SAFE_INTEGER);
        const rows = fitting(readBackwards.iterate(key, since, last, bound.entries), bound.bytes);
        return toEntries(conversation, rows.reverse());
      }),
    readAll: (since, limit, maxBytes) =>
      safely(() =>
        fitting(readLog.iterate(since, limit), maxBytes).map((row) => ({
          position: Number(row.position),
          conversation: row.id as string,
          entry: toEntry(row.id as string, row),
        })),
      ),
    readOf: (conversation, after, limit, maxBytes) =>
      safely(() => {
        const key = keyOf(conversation);
        if (key === undefined) return [];
        const rows = readLater.iterate(key, after.seq, after.position, limit);
        return fitting(rows, maxBytes).map((row) => ({
          position: Number(row.position),
          conversation,
          entry: toEntry(conversation, row),
        }));
      }),
    position: () => position,
    unfinished: () =>
      safely(() => {
        const running = database.prepare(
          `SELECT id, key, (SELECT max(seq) FROM entries WHERE conversation = key) AS seq
           FROM conversations WHERE ended = 0 ORDER BY key`,
        );
        return running.all().map(({ id, key, seq }) => {
          // The caller reads these conversations next and appends to them later, so their heads are cached with one query.
          heads.set(id as string, { key: Number(key), seq: Number(seq ?? 0) });
          return id as string;
        });
      }),
    recent: (limit, before = Number.MAX_SAFE_INTEGER) =>
      safely(() =>
        listRecent.all(before, limit).map(({ id, key }) => ({ id: id as string, number: Number(key) })),
      ),
    total: () => {
      total ??= safely(() => Number(countConversations.get()?.total));
      return total;
    },
    marks: watermarks.all,
    mark: (marks) => transact(() => watermarks.keep(marks)),
    checkpoint: (conversation) => {
      try {
        const key = keyOf(conversation);
        const row = key === undefined ? undefined : safely(() => readCheckpoint.get(key));
        const body = String(row?.body);
        if (!row || crc32(body) !== Number(row.sum)) return undefined;
        return { seq: Number(row.seq), version: Number(row.version), body };
      } catch (error) {
        // The state is computed from the entries instead. If they are damaged too, that read reports it.
        if (error instanceof LedgerDamage) return undefined;
        throw error;
      }
    },
    keep: (checkpoints) =>
      transact(() => {
        for (const checkpoint of checkpoints) {
          const key = keyOf(checkpoint.conversation);
          if (key !== undefined) writeCheckpoint(key, checkpoint);
        }
      }),
    forksOf: (conversation, limit) =>
      safely(() => listForks.all(conversation, limit).map(({ id }) => id as string)),
    shares: () => safely(() => shares.all()),
    keepShare: (share) => transact(() => shares.keep(share, keyOf(share.conversation))),
    removeShare: (id) => transact(() => shares.remove(id)),
    size: () =>
      one(database, 'PRAGMA page_size') *
      (one(database, 'PRAGMA page_count') - one(database, 'PRAGMA freelist_count')),
    removable(limit, { at, place } = { id: '', at: Number.MIN_SAFE_INTEGER, place: 0 }) {
      const rows = listRemovable.all(at, at, place, limit);
      return rows.map((row) => ({ id: row.id as string, at: Number(row.at), place: Number(row.place) }));
    },
    remove(conversations, limit, enough) {
      total = undefined;
      const removed = transact(() => removal.remove(conversations, limit, enough));
      removal.returnPages();
      return removed;
    },
    backup: (target) => copyDatabase(database, target),
    close: () => database.close(),
  };
};
