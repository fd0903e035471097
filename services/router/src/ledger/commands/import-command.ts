import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Entry } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import type { Ledger } from '../ledger.ts';
import { openSqliteLedger } from '../sqlite.ts';
import { ImportedFile, type KnownLedger } from './imported-file.ts';

const usage =
  'usage: parley-router import FILE [LEDGER]; without LEDGER that of ROUTER_LEDGER; FILE may be - for the input';

const linesOf = async (file: string): Promise<ImportedFile> => {
  const read = new ImportedFile();
  const input = file === '-' ? process.stdin : createReadStream(file);
  // Without a listener of its own an error of the file would end the process.
  const failure = new Promise<never>((_, reject) => input.once('error', reject));
  const lines = async () => {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) read.add(line);
  };
  try {
    await Promise.race([lines(), failure]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new ConfigError([`${file} cannot be read: ${(error as Error).message}`]);
  }
  return read;
};

const all = Number.MAX_SAFE_INTEGER;

/** The entries of a conversation, those that it shares with its parent included. */
const entriesUpTo = (ledger: Ledger, id: string, through: number): readonly Entry[] => {
  const own = ledger.read(id, 0, all).filter(({ seq }) => seq <= through);
  const [first] = ledger.read(id, 0, 1);
  if (first?.type !== 'forked') return own;
  const { conversation, seq } = first.parent;
  return [...entriesUpTo(ledger, conversation, Math.min(seq, through)), ...own];
};

/** Agents and plain clients that a message may wait for behind their watermark. */
const waitingFor = (ledger: Ledger, marks: ReadonlyMap<string, number>): ReadonlySet<string> => {
  const waiting = new Set<string>();
  let since = marks.get('') ?? 0;
  for (;;) {
    const page = ledger.readAll(since, 1_000, 4 * 1024 * 1024);
    if (page.length === 0) return waiting;
    for (const { position, entry } of page) {
      since = position;
      if (entry.type !== 'said' || entry.target === undefined) continue;
      if (position > (marks.get(entry.target) ?? 0)) waiting.add(entry.target);
    }
  }
};

/**
 * `parley-router import`: appends the conversations of a file that `parley export --format jsonl` has written, with their ids,
 * entries and times. All of them or none. No router may run. Returns the lines to print.
 */
export const importConversations = async (
  args: readonly string[],
  where: string | undefined,
): Promise<string[]> => {
  const [file, path = where, ...rest] = args;
  if (file === undefined || path === undefined || path === 'memory' || rest.length > 0)
    throw new ConfigError([usage]);
  const read = await linesOf(file);
  const ledger = openSqliteLedger(path);
  try {
    const known: KnownLedger = {
      has: (id) => ledger.read(id, 0, 1).length > 0,
      entriesUpTo: (id, through) => entriesUpTo(ledger, id, through),
    };
    const { conversations, faults } = read.check(known);
    if (faults.length > 0)
      throw new ConfigError([...faults, `${file}: nothing has been imported (${faults.length} faults)`]);
    const marks = ledger.marks();
    const waiting = waitingFor(ledger, marks);
    const before = ledger.position();
    const appended = await ledger.append(
      conversations.map(({ id, entries }) => ({ conversation: id, expectedSeq: 0, entries })),
    );
    if (appended.some(({ ok }) => !ok))
      throw new Error('a conversation was added while the file was imported');
    // What was said elsewhere is not sent to plain clients again. A client for whom a message waits keeps its watermark.
    const addressed = conversations.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.type === 'said' && entry.target !== undefined ? [entry.target] : [])),
    );
    const names = [...new Set(addressed)].filter((name) => !waiting.has(name));
    if (waiting.size === 0) names.push('');
    ledger.mark(new Map(names.map((name) => [name, ledger.position()])));
    const count = conversations.reduce((sum, { entries }) => sum + entries.length, 0);
    return [
      `${path}: imported ${conversations.length} conversations, ${count} entries (positions ${before + 1} to ${ledger.position()})`,
    ];
  } finally {
    ledger.close();
  }
};
