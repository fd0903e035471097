import { crc32 } from 'node:zlib';
import type { Entry } from '@parley/protocol';
import { LedgerDamage } from '../damage.ts';

type Row = Record<string, unknown>;

/** The first rows whose bodies together are at most `maxBytes`; at least one row. No further row is read. */
export const fitting = (rows: Iterable<Row>, maxBytes = Number.POSITIVE_INFINITY): Row[] => {
  const page: Row[] = [];
  let left = maxBytes;
  for (const row of rows) {
    left -= Buffer.byteLength(row.body as string);
    if (left < 0 && page.length > 0) break;
    page.push(row);
  }
  return page;
};

/** Parses rows of the file at `path` to entries. Throws damage, with its place, when a row is not what was appended. */
export const entryReader = (path: string) => {
  const toEntry = (conversation: string, row: Row): Entry => {
    const body = row.body as string;
    if (crc32(body) === Number(row.sum)) return JSON.parse(body) as Entry;
    const place = `entry ${row.seq} of conversation ${conversation} (position ${row.position})`;
    throw new LedgerDamage(path, [`${place} does not match its checksum`]);
  };

  /** Checks that the seqs follow each other and begin at `start`. A fork may begin later. No `start`: at any seq. */
  const toEntries = (conversation: string, rows: readonly Row[], start?: number): Entry[] => {
    const entries = rows.map((row) => toEntry(conversation, row));
    const [first] = entries;
    const begin = first?.type === 'forked' ? first.seq : (start ?? first?.seq ?? 0);
    const gap = entries.findIndex(({ seq }, index) => seq !== begin + index);
    if (gap === -1) return entries;
    throw new LedgerDamage(path, [`entry ${begin + gap} of conversation ${conversation} is missing`]);
  };

  return { toEntry, toEntries };
};
