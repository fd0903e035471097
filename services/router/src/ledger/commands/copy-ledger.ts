import { createHash } from 'node:crypto';
import { ConfigError } from '@parley/runtime';
import type { Batch, Ledger, Placed } from '../ledger.ts';

export interface Copied {
  readonly conversations: number;
  readonly entries: number;
  /** Of all conversations with their entries, in their order: the same for both ledgers. */
  readonly sha256: string;
}

const pageEntries = 500;
const pageBytes = 4 * 1024 * 1024;

/** All entries that can be read, in order. What is being removed is left out. */
function* entriesOf(ledger: Ledger): Iterable<Placed> {
  const hidden = new Map<string, boolean>();
  const isHidden = (id: string): boolean => {
    const known = hidden.get(id) ?? ledger.read(id, 0, 1).length === 0;
    hidden.set(id, known);
    return known;
  };
  for (let since = 0; ; ) {
    const page = ledger.readAll(since, pageEntries, pageBytes);
    for (const placed of page) {
      since = placed.position;
      if (!isHidden(placed.conversation)) yield placed;
    }
    if (page.length === 0) return;
  }
}

const textOf = ({ conversation, entry }: Placed): string => `${conversation}\t${JSON.stringify(entry)}\n`;

const expectedBefore = ({ entry }: Placed): number => (entry.type === 'forked' ? 0 : entry.seq - 1);

/** Entries as batches of one call: the last one grows while the conversation goes on, and no conversation comes twice. */
class Page {
  readonly #batches = new Map<string, Placed[]>();
  #last: string | undefined;
  #size = 0;

  /** False when the entry does not fit behind the others: then they are to be written first. */
  add(placed: Placed): boolean {
    const { conversation } = placed;
    const own = this.#batches.get(conversation);
    if (this.#size >= pageEntries || (own && this.#last !== conversation)) return false;
    if (own) own.push(placed);
    else this.#batches.set(conversation, [placed]);
    this.#last = conversation;
    this.#size++;
    return true;
  }

  get batches(): Batch[] {
    return [...this.#batches].map(([conversation, placed]) => ({
      conversation,
      expectedSeq: expectedBefore(placed[0]!),
      entries: placed.map(({ entry }) => entry),
    }));
  }
}

const write = async (page: Page, to: Ledger): Promise<void> => {
  for (const [index, result] of (await to.append(page.batches)).entries()) {
    if (result.ok) continue;
    const id = page.batches[index]?.conversation;
    throw new ConfigError([
      `conversation ${id} cannot be copied: ${result.error?.message ?? 'another process writes to the target'}`,
    ]);
  }
};

/** How far each client has been delivered to, in the positions of the copy. Both ledgers hold the same entries. */
const copyMarks = (from: Ledger, to: Ledger): void => {
  const marks = [...from.marks()].sort(([, a], [, b]) => a - b);
  const copied = new Map<string, number>();
  const targets = entriesOf(to)[Symbol.iterator]();
  let position = 0;
  let next = 0;
  for (const { position: source } of entriesOf(from)) {
    for (; next < marks.length && marks[next]![1] < source; next++) copied.set(marks[next]![0], position);
    position = targets.next().value?.position ?? position;
  }
  for (; next < marks.length; next++) copied.set(marks[next]![0], position);
  if (copied.size > 0) to.mark(copied);
};

/**
 * Copies all conversations into a ledger that is empty, or that holds the beginning of such a copy: then the copy goes on there.
 * Afterwards everything is read from both and compared by a hash. Rejects with a ConfigError when the target holds something else.
 */
export const copyLedger = async (
  from: Ledger,
  to: Ledger,
  onProgress: (entries: number) => void = () => {},
): Promise<Copied> => {
  const there = entriesOf(to)[Symbol.iterator]();
  let known = there.next();
  let page = new Page();
  let entries = 0;
  const conversations = new Set<string>();
  const hash = createHash('sha256');
  for (const placed of entriesOf(from)) {
    const text = textOf(placed);
    hash.update(text);
    conversations.add(placed.conversation);
    if (!known.done) {
      if (textOf(known.value) !== text)
        throw new ConfigError([
          `the target holds other entries, from entry ${known.value.entry.seq} of conversation ${known.value.conversation} on: name one that is empty`,
        ]);
      known = there.next();
    } else if (!page.add(placed)) {
      await write(page, to);
      onProgress(entries);
      page = new Page();
      page.add(placed);
    }
    entries++;
  }
  if (!known.done)
    throw new ConfigError([
      `the target holds conversation ${known.value.conversation}, which the source lacks: name one that is empty`,
    ]);
  await write(page, to);
  const sha256 = hash.digest('hex');
  const copy = createHash('sha256');
  for (const placed of entriesOf(to)) copy.update(textOf(placed));
  const found = copy.digest('hex');
  if (found !== sha256)
    throw new ConfigError([`the copy is not what was copied: its hash is ${found}, not ${sha256}`]);
  copyMarks(from, to);
  for (const share of from.shares()) to.keepShare(share);
  return { conversations: conversations.size, entries, sha256 };
};
