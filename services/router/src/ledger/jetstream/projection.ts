import { renameSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '@parley/runtime';
import { LedgerDamage } from '../damage.ts';
import type { Batch, Ledger } from '../ledger.ts';
import { openLedgerFile } from '../sqlite/sqlite-file.ts';
import { sqliteLedger } from '../sqlite.ts';
import type { StoredCommit } from './commit-codec.ts';
import { positionOf, sequenceAt } from './subjects.ts';

/** A stream and its incarnation: a stream that was deleted and created again has a new incarnation. */
export interface StreamIdentity {
  readonly stream: string;
  readonly incarnation: string;
}

/** `through`: sequence of the last message to remove. */
export interface Purge {
  readonly conversation: string;
  readonly through: number;
}

interface Tail {
  readonly seq: number;
  readonly sequence: number;
}

/** The local copy of the ledger: a SQLite ledger whose positions are those of the stream. */
export interface Projection {
  readonly ledger: Ledger;
  /** Sequence of the last message that is in it. */
  readonly sequence: number;
  /**
   * Takes commits in the order of the stream; those that are in it already are passed over. Throws LedgerDamage when they do not follow
   * what is there. A conversation that begins again replaces the one of that id: another router has removed that from the stream.
   */
  apply(commits: readonly StoredCommit[]): void;
  /** Sequence of the last message of the conversation, and the seq of its last entry; zeros when there is none. */
  tail(conversation: string): Tail;
  /**
   * Conversations whose messages are still to be removed from the stream, in the order in which they were removed here: a fork
   * before its parent. They are stored until `purged` is called.
   */
  purges(): Purge[];
  purge(conversations: readonly string[]): void;
  purged(conversation: string): void;
  /** The incarnation of the table of several routers that has got the share links of this copy. */
  linksIn(): string | undefined;
  keepLinksIn(incarnation: string): void;
  /** Another router has removed the conversation from the stream: it is removed here, with its forks. */
  forget(conversation: string): void;
}

const number = (value: unknown): number => Number(value ?? 0);

const tables = `
  CREATE TABLE IF NOT EXISTS projection (stream TEXT NOT NULL, incarnation TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS purges (conversation TEXT PRIMARY KEY, through INTEGER NOT NULL);
`;

const has = (database: DatabaseSync, table: string): boolean =>
  number(database.prepare('SELECT count(*) AS found FROM sqlite_schema WHERE name = ?').get(table)?.found) >
  0;

const isEmpty = (database: DatabaseSync): boolean =>
  number(database.prepare('SELECT count(*) AS found FROM sqlite_sequence').get()?.found) === 0;

/** A file that is not a copy of this stream is never overwritten: it may be the only copy of its data. */
const checkOwner = (database: DatabaseSync, path: string, { stream, incarnation }: StreamIdentity): void => {
  const refused = (why: string) => new ConfigError([`ROUTER_NATS_PROJECTION: ${path} ${why}`]);
  if (!has(database, 'projection')) {
    if (!isEmpty(database))
      throw refused(
        'is a ledger of its own: name another file, or copy it into the stream (parley router copy)',
      );
    database.exec(tables);
    database.prepare('INSERT INTO projection VALUES (?, ?)').run(stream, incarnation);
    return;
  }
  const owner = database.prepare('SELECT stream, incarnation FROM projection').get();
  if (owner?.stream !== stream)
    throw refused(`is the copy of the stream ${owner?.stream}: name another file for ${stream}`);
  if (owner.incarnation !== incarnation)
    throw refused(
      `is the copy of another stream ${stream}, which was deleted: move it away to begin with the new one, or copy it into the new one first (parley router copy)`,
    );
};

const openFile = (path: string): DatabaseSync => {
  try {
    return openLedgerFile(path, { create: true });
  } catch (error) {
    // The copy can be made again from the stream. The damaged file is kept for the operator.
    if (!(error instanceof LedgerDamage)) throw error;
    for (const end of ['', '-wal'])
      try {
        renameSync(`${path}${end}`, `${path}.damaged${end}`);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
      }
    return openLedgerFile(path, { create: true });
  }
};

/** Opens the copy of a stream. Rejects with a ConfigError when the file is not a copy of this stream. */
export const openProjection = (path: string, identity: StreamIdentity): Projection => {
  const database = openFile(path);
  try {
    // Rows that a crash loses are read from the stream again.
    database.exec('PRAGMA synchronous = NORMAL');
    checkOwner(database, path, identity);
    database.exec('CREATE TABLE IF NOT EXISTS links_in (key INTEGER PRIMARY KEY, incarnation TEXT NOT NULL)');
  } catch (error) {
    database.close();
    throw error;
  }
  const ledger = sqliteLedger(database, path);
  const findTail = database.prepare(
    `SELECT e.seq, e.position FROM entries e JOIN conversations c ON c.key = e.conversation
     WHERE c.id = ? ORDER BY e.seq DESC LIMIT 1`,
  );
  const listPurges = database.prepare('SELECT conversation, through FROM purges ORDER BY rowid');
  const addPurge = database.prepare('INSERT OR IGNORE INTO purges VALUES (?, ?)');
  const removePurge = database.prepare('DELETE FROM purges WHERE conversation = ?');
  const findLinksIn = database.prepare('SELECT incarnation FROM links_in');
  const setLinksIn = database.prepare('INSERT OR REPLACE INTO links_in VALUES (1, ?)');
  let sequence = sequenceAt(ledger.position());
  /** Tails of running conversations, which every commit reads. */
  let tails = new Map<string, Tail>();
  const tail = (conversation: string): Tail => {
    const known = tails.get(conversation);
    if (known) return known;
    const row = findTail.get(conversation);
    return { seq: number(row?.seq), sequence: row ? sequenceAt(number(row.position)) : 0 };
  };
  /** Up to the first commit with which a conversation begins again, if there is one. */
  const batchesOf = (commits: readonly StoredCommit[]) => {
    const heads = new Map<string, number>();
    const batches: Batch[] = [];
    for (const { conversation, sequence: at, entries } of commits) {
      const expectedSeq = heads.get(conversation) ?? tail(conversation).seq;
      const [first] = entries;
      const begins = first?.type === 'opened' || first?.type === 'forked';
      if (begins && expectedSeq > 0) return { batches, replaced: conversation };
      if (first?.seq !== expectedSeq + 1 && first?.type !== 'forked')
        throw new LedgerDamage(`the stream ${identity.stream}`, [
          `message ${at} begins with entry ${first?.seq} of conversation ${conversation}, which is at ${expectedSeq}`,
        ]);
      heads.set(conversation, entries.at(-1)?.seq ?? expectedSeq);
      batches.push({ conversation, expectedSeq, entries, position: positionOf(at, 0) });
    }
    return { batches, replaced: undefined };
  };
  return {
    ledger,
    get sequence() {
      return sequence;
    },
    tail,
    apply(all) {
      const commits = all.filter((one) => one.sequence > sequence);
      const { batches, replaced } = batchesOf(commits);
      try {
        ledger.appendNow(batches);
      } catch (error) {
        tails = new Map();
        throw error;
      }
      for (const { conversation, sequence: at, entries } of commits.slice(0, batches.length)) {
        const last = entries.at(-1);
        if (last === undefined || last.type === 'ended') tails.delete(conversation);
        else tails.set(conversation, { seq: last.seq, sequence: at });
        sequence = at;
      }
      if (replaced === undefined) return;
      this.forget(replaced);
      this.apply(commits.slice(batches.length));
    },
    purges: () =>
      listPurges
        .all()
        .map((row) => ({ conversation: String(row.conversation), through: number(row.through) })),
    purge(conversations) {
      for (const one of conversations) addPurge.run(one, tail(one).sequence);
    },
    linksIn() {
      const row = findLinksIn.get();
      return row && String(row.incarnation);
    },
    keepLinksIn: (incarnation) => void setLinksIn.run(incarnation),
    purged: (conversation) => void removePurge.run(conversation),
    forget(conversation) {
      ledger.removeNow(conversation);
      tails = new Map();
    },
  };
};
