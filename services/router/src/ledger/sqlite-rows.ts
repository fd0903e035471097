import { crc32 } from 'node:zlib';
import type { Entry } from '@parley/protocol';
import { LedgerDamage } from './damage.ts';

type Row = Record<string, unknown>;

/** The first of them whose bodies are no more than `maxBytes`: one at least. No more of them is read than that. */
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

/** Makes entries of rows of the file at `path`. What is not what was appended is thrown as damage, with its place. */
export const entryReader = (path: string) => {
  const toEntry = (conversation: string, row: Row): Entry => {
    const body = row.body as string;
    if (crc32(body) === Number(row.sum)) return JSON.parse(body) as Entry;
    const place = `entry ${row.seq} of conversation ${conversation} (position ${row.position})`;
    throw new LedgerDamage(path, [`${place} does not match its checksum`]);
  };

  /** Entries that follow each other, from `start` on unless they begin a fork; wherever they begin when it is missing. */
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
