import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { type Entry, type EntryOf, entry as entryShape, parseJson } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { evolve } from '../core/evolve.ts';
import { explained, openLedgerFile, structuralFaults } from './sqlite/sqlite-file.ts';

export interface Verification {
  readonly conversations: number;
  readonly running: number;
  readonly entries: number;
  readonly bytes: number;
  /** Each fault with its place; empty when the ledger is intact. */
  readonly faults: readonly string[];
}

/** States at which conversations were forked that are cached. */
const maxForkedAt = 1_000;
/** The check stops after this number of faults. */
const maxFaults = 100;

/** Checks every row and replays every conversation. */
class Verifier {
  readonly #database: DatabaseSync;
  readonly #hasSums: boolean;
  readonly faults: string[] = [];
  readonly #forkedAt = new Map<string, Conversation>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    const columns = database.prepare("SELECT name FROM pragma_table_info('entries')").all();
    this.#hasSums = columns.some(({ name }) => name === 'sum');
  }

  /** Every entry belongs to a conversation, and no position can be assigned a second time. */
  positions(): void {
    const orphans = this.#database
      .prepare(
        'SELECT position FROM entries WHERE conversation NOT IN (SELECT key FROM conversations) LIMIT 10',
      )
      .all();
    for (const { position } of orphans) this.faults.push(`position ${position}: belongs to no conversation`);
    const last = this.#database
      .prepare(
        "SELECT (SELECT max(position) FROM entries) AS last, (SELECT seq FROM sqlite_sequence WHERE name = 'entries') AS used",
      )
      .get();
    if (Number(last?.last ?? 0) > Number(last?.used ?? 0))
      this.faults.push(`position ${last?.last}: beyond the last one that was given out, ${last?.used}`);
  }

  conversation(key: number, id: string, ended: boolean): void {
    let state: Conversation | undefined;
    let last: Entry | undefined;
    for (const entry of this.#entriesOf(key, id)) {
      try {
        if (last?.type === 'ended') throw new Error('comes after the end');
        state = this.#next(id, state, entry);
        last = entry;
      } catch (error) {
        // Entries after a damaged one cannot be replayed.
        this.faults.push(`conversation ${id}, entry ${entry.seq}: ${(error as Error).message}`);
        return;
      }
      if (this.faults.length >= maxFaults) return;
    }
    if (!last) this.faults.push(`conversation ${id}: has no entries`);
    else if ((last.type === 'ended') !== ended)
      this.faults.push(
        `conversation ${id}: its last entry is ${last.type}, and it is kept as ${ended ? 'ended' : 'running'}`,
      );
  }

  #next(id: string, state: Conversation | undefined, entry: Entry): Conversation {
    const before = entry.type === 'forked' ? this.#stateAt(entry.parent) : state;
    if (entry.seq !== (before?.seq ?? 0) + 1) throw new Error(`follows ${before?.seq ?? 'nothing'}`);
    return evolve(before, entry, id);
  }

  /** The state of the parent at the entry where the fork begins. A fork of a fork finds that of its parent in the cache. */
  #stateAt(place: { readonly conversation: string; readonly seq: number }): Conversation | undefined {
    const key = `${place.conversation} ${place.seq}`;
    const known = this.#forkedAt.get(key) ?? this.#replayed(place);
    if (known) this.#forkedAt.set(key, known);
    if (this.#forkedAt.size > maxForkedAt)
      this.#forkedAt.delete(this.#forkedAt.keys().next().value as string);
    return known;
  }

  #replayed({
    conversation,
    seq,
  }: {
    readonly conversation: string;
    readonly seq: number;
  }): Conversation | undefined {
    const row = this.#database.prepare('SELECT key FROM conversations WHERE id = ?').get(conversation);
    if (!row) throw new Error(`its parent ${conversation} is not there`);
    const earlier = this.#parentOf(Number(row.key));
    // The parent is itself a fork and shares that entry with its own parent.
    if (earlier && earlier.seq >= seq) return this.#stateAt({ conversation: earlier.conversation, seq });
    let state: Conversation | undefined;
    for (const entry of this.#entriesOf(Number(row.key), conversation, seq))
      state = this.#next(conversation, state, entry);
    if (state?.seq !== seq) throw new Error(`entry ${seq} of its parent ${conversation} is not there`);
    return state;
  }

  /** The parent of a fork; undefined when the conversation is no fork. */
  #parentOf(key: number): EntryOf<'forked'>['parent'] | undefined {
    const row = this.#database
      .prepare('SELECT body FROM entries WHERE conversation = ? ORDER BY seq LIMIT 1')
      .get(key);
    const first = parseJson(String(row?.body));
    const entry = first.ok ? (first.value as Entry) : undefined;
    return entry?.type === 'forked' ? entry.parent : undefined;
  }

  *#entriesOf(key: number, id: string, through = Number.MAX_SAFE_INTEGER): Iterable<Entry> {
    const rows = this.#database
      .prepare('SELECT * FROM entries WHERE conversation = ? AND seq <= ? ORDER BY seq')
      .iterate(key, through);
    for (const row of rows) {
      const place = `conversation ${id}, entry ${row.seq} (position ${row.position})`;
      const fault = this.#faultOf(row);
      if (fault === undefined) yield JSON.parse(String(row.body)) as Entry;
      else this.faults.push(`${place}: ${fault}`);
    }
  }

  #faultOf(row: Record<string, unknown>): string | undefined {
    const body = String(row.body);
    if (this.#hasSums && crc32(body) !== Number(row.sum)) return 'does not match its checksum';
    try {
      const entry: unknown = JSON.parse(body);
      const fault = entryShape.fault(entry, 'entry');
      if (fault) return fault;
      return (entry as Entry).seq === Number(row.seq)
        ? undefined
        : `stands at seq ${row.seq} and says ${(entry as Entry).seq}`;
    } catch {
      return 'is not JSON';
    }
  }
}

/** Checks a ledger that no router has open. Throws a ConfigError when it cannot be opened at all. */
export const verifyLedger = (path: string): Verification => {
  const database = openLedgerFile(path, { create: false });
  try {
    const faults = structuralFaults(database, 'integrity_check');
    // The structure of the file is damaged, so the entries cannot be read to the end.
    if (faults.length > 0) return { conversations: 0, running: 0, entries: 0, bytes: 0, faults };
    const verifier = new Verifier(database);
    verifier.positions();
    const rows = database.prepare('SELECT key, id, ended FROM conversations WHERE ended < 2').all();
    for (const { key, id, ended } of rows) verifier.conversation(Number(key), String(id), ended === 1);
    const counted = database.prepare('SELECT count(*) AS entries FROM entries').get();
    const size = database.prepare(
      'SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()',
    );
    return {
      conversations: rows.length,
      running: rows.filter(({ ended }) => ended === 0).length,
      entries: Number(counted?.entries),
      bytes: Number(size.get()?.bytes),
      faults: verifier.faults.slice(0, maxFaults),
    };
  } catch (error) {
    throw explained(path, error);
  } finally {
    database.close();
  }
};
