import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Entry } from '@parley/protocol';

const columns = 5;
/** Rows of one statement. A statement of many rows costs much less than as many statements of one. */
const sizes = [64, 8, 1] as const;

const insertOf = (rows: number): string =>
  `INSERT INTO entries (position, conversation, seq, body, sum) VALUES ${Array(rows).fill('(?, ?, ?, ?, ?)').join(', ')}`;

/** Entries of the current transaction that are not written yet. */
export class NewEntries {
  readonly #inserts: readonly { readonly size: number; readonly insert: StatementSync }[];
  #values: SQLInputValue[] = [];

  constructor(database: DatabaseSync) {
    this.#inserts = sizes.map((size) => ({ size, insert: database.prepare(insertOf(size)) }));
  }

  /** `conversation`: the key of its row. */
  add(position: number, conversation: number, entry: Entry): void {
    const body = JSON.stringify(entry);
    this.#values.push(position, conversation, entry.seq, body, crc32(body));
  }

  /** To be called before anything else of the transaction reads entries, and at its end. */
  write(): void {
    const values = this.#values;
    this.#values = [];
    let from = 0;
    for (const { size, insert } of this.#inserts)
      for (; values.length - from >= size * columns; from += size * columns)
        insert.run(...values.slice(from, from + size * columns));
  }

  /** The transaction has failed. */
  drop(): void {
    this.#values = [];
  }
}
