import { type Entry, type EntryOf, entry as entryShape, idPattern, parseJson } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import { evolve } from '../../core/evolve.ts';

/** The entries of one conversation, as they stand in a file of `parley export`. */
interface Incoming {
  readonly id: string;
  readonly line: number;
  readonly entries: Entry[];
}

/** What the ledger has already. */
export interface KnownLedger {
  has(conversation: string): boolean;
  /** Own and shared entries of a conversation, up to number `through`. */
  entriesUpTo(conversation: string, through: number): readonly Entry[];
}

/** Conversations that may be appended, each after its parent: of a fork, only its own entries. */
export interface Importable {
  readonly conversations: readonly { readonly id: string; readonly entries: readonly Entry[] }[];
  /** Each with its place; empty when everything may be appended. */
  readonly faults: readonly string[];
}

/** After so many the file is known to be broken. */
const maxFaults = 20;
/** The last moment that a date can name, in milliseconds since 1970. */
const lastDate = 8_640_000_000_000_000;

/** A line of the file: an entry with the id of its conversation beside it, or around it as `parley tail --json` writes it. */
const entryIn = (text: string): { id: string; entry: Entry } | string => {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed.problem;
  const value = parsed.value as Record<string, unknown> | null;
  if (typeof value !== 'object' || value === null) return 'is no object';
  const { conversation, ...flat } = value;
  if (conversation === undefined)
    return 'has no `conversation`: it was not written by `parley export --format jsonl`';
  if (typeof conversation !== 'string' || !new RegExp(idPattern).test(conversation))
    return 'conversation: no id of a conversation';
  const entry = 'entry' in flat && !('type' in flat) ? flat.entry : flat;
  const fault = entryShape.fault(entry, 'entry');
  if (fault !== undefined) return fault;
  return (entry as Entry).at > lastDate ? 'entry.at is no date' : { id: conversation, entry: entry as Entry };
};

/** Throws where an entry cannot stand at its place, although it can be replayed. */
const checkPlace = (entry: Entry, last: Entry | undefined): void => {
  if (last?.type === 'ended' && entry.type !== 'forked') throw new Error('comes after the end');
  if (last && entry.type === 'opened') throw new Error('opens the conversation again');
  if (entry.type === 'forked' && entry.parent.seq !== entry.seq - 1)
    throw new Error(`follows entry ${entry.parent.seq} of its parent`);
};

/** Reads the lines of a file and checks that each conversation is whole, is new, and can be replayed. */
export class ImportedFile {
  readonly #faults: string[] = [];
  readonly #conversations = new Map<string, Incoming>();
  #lines = 0;

  add(text: string): void {
    const line = ++this.#lines;
    if (text.trim() === '' || this.#faults.length >= maxFaults) return;
    const read = entryIn(text);
    if (typeof read === 'string') {
      this.#faults.push(`line ${line}: ${read}`);
      return;
    }
    const known = this.#conversations.get(read.id) ?? { id: read.id, line, entries: [] };
    this.#conversations.set(read.id, known);
    const expected = known.entries.length + 1;
    if (read.entry.seq !== expected)
      this.#faults.push(
        `line ${line}: conversation ${read.id}: entry ${read.entry.seq} where ${expected} belongs (exported with --as, or cut?)`,
      );
    known.entries.push(read.entry);
  }

  /** `ledger`: where the conversations shall go. */
  check(ledger: KnownLedger): Importable {
    if (this.#lines === 0 || this.#conversations.size === 0)
      return {
        conversations: [],
        faults: [...this.#faults, 'there is no conversation in it'].slice(0, maxFaults),
      };
    if (this.#faults.length === 0)
      for (const one of this.#conversations.values()) this.#checkOne(one, ledger);
    if (this.#faults.length > 0) return { conversations: [], faults: this.#faults.slice(0, maxFaults) };
    return { conversations: this.#parentsFirst(), faults: [] };
  }

  #checkOne({ id, line, entries }: Incoming, ledger: KnownLedger): void {
    const fault = (text: string) => this.#faults.push(`line ${line}: conversation ${id}: ${text}`);
    if (ledger.has(id)) {
      fault('is in the ledger already');
      return;
    }
    if (this.#isOwnAncestor(id)) {
      fault('is forked from itself');
      return;
    }
    const forks = entries.flatMap((entry) => (entry.type === 'forked' ? [entry] : []));
    for (const { parent } of forks) {
      const shared = this.#upTo(parent.conversation, parent.seq, ledger);
      if (shared.length < parent.seq) {
        fault(
          `its parent ${parent.conversation} is missing: export both (parley export ${parent.conversation} ${id})`,
        );
        return;
      }
      const same = shared.every((entry, place) => JSON.stringify(entry) === JSON.stringify(entries[place]));
      if (!same) {
        fault(`the entries that it shares with ${parent.conversation} are not the same`);
        return;
      }
    }
    let state: Conversation | undefined;
    let last: Entry | undefined;
    for (const entry of entries) {
      try {
        checkPlace(entry, last);
        state = evolve(state, entry, id);
        last = entry;
      } catch (error) {
        fault(`entry ${entry.seq}: ${(error as Error).message}`);
        return;
      }
    }
  }

  #parentOf(id: string): string | undefined {
    const fork = this.#conversations.get(id)?.entries.findLast(({ type }) => type === 'forked');
    return fork?.type === 'forked' ? fork.parent.conversation : undefined;
  }

  #isOwnAncestor(id: string): boolean {
    const seen = new Set<string>();
    for (
      let above = this.#parentOf(id);
      above !== undefined && !seen.has(above);
      above = this.#parentOf(above)
    )
      seen.add(above);
    return seen.has(id);
  }

  #upTo(id: string, through: number, ledger: KnownLedger): readonly Entry[] {
    return this.#conversations.get(id)?.entries.slice(0, through) ?? ledger.entriesUpTo(id, through);
  }

  /** A fork has only its own entries in a ledger. */
  #parentsFirst(): Importable['conversations'] {
    const sorted: { id: string; entries: readonly Entry[] }[] = [];
    const done = new Set<string>();
    const add = ({ id, entries }: Incoming): void => {
      if (done.has(id)) return;
      done.add(id);
      const start = entries.findLastIndex(({ type }) => type === 'forked');
      const fork = start < 0 ? undefined : (entries[start] as EntryOf<'forked'>);
      const parent = fork && this.#conversations.get(fork.parent.conversation);
      if (parent) add(parent);
      sorted.push({ id, entries: start < 0 ? entries : entries.slice(start) });
    };
    for (const one of this.#conversations.values()) add(one);
    return sorted;
  }
}
