import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Entry } from '@parley/protocol';
import { openSqliteLedger } from '@parley/router/ledger/sqlite';
import type { History, Receipt } from './history.ts';

const linesOf = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      try {
        return line.trim() === '' ? [] : [JSON.parse(line)];
      } catch {
        throw new Error(`${path}:${index + 1}: is not JSON`);
      }
    });

interface Kept {
  readonly conversation: string;
  readonly entry: Entry;
}

const grouped = (source: string, kept: Iterable<Kept>): History[] =>
  [...Map.groupBy(kept, ({ conversation }) => conversation)].map(([conversation, all]) => ({
    source,
    conversation,
    entries: all.map(({ entry }) => entry),
  }));

const ofLedger = (path: string): History[] => {
  const ledger = openSqliteLedger(path);
  try {
    return grouped(path, ledger.readAll(0, Number.MAX_SAFE_INTEGER));
  } finally {
    ledger.close();
  }
};

/** One entry a line, as `parley export` writes them; each with its conversation, else the file is named for it. */
const ofExport = (path: string): History[] =>
  grouped(
    path,
    linesOf(path).map((line) => {
      const { conversation, entry } = line as Partial<Kept>;
      return conversation !== undefined && entry
        ? { conversation, entry }
        : { conversation: basename(path, '.jsonl'), entry: line as Entry };
    }),
  );

/** A ledger file or an export (`.jsonl`). */
export const readHistories = (path: string): History[] =>
  path.endsWith('.jsonl') ? ofExport(path) : ofLedger(path);

export const readReceipts = (path: string): Receipt[] => linesOf(path) as Receipt[];
