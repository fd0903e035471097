import type { Entry, EntryOf } from '@parley/protocol';
import type { Line, SaidLine } from './scene.ts';

/**
 * What this agent remembers of one conversation. A cache: all of it can be had again from the router's ledger.
 * Entries may come in any order and more than once. The memory is bounded: when the lines have grown to twice
 * `keepLength` characters the oldest go, all but the opening.
 */
export class Transcript {
  readonly #keepLength: number;
  readonly #members = new Set<string>();
  readonly #left = new Set<string>();
  readonly #lines: Line[] = [];
  #length = 0;
  #opened: EntryOf<'opened'> | undefined;
  #opening: SaidLine | undefined;

  constructor(keepLength: number) {
    this.#keepLength = keepLength;
  }

  /** Undefined until the beginning is known; nothing should be said before. */
  get opened(): EntryOf<'opened'> | undefined {
    return this.#opened;
  }
  get opening(): SaidLine | undefined {
    return this.#opening;
  }
  get lines(): readonly Line[] {
    return this.#lines;
  }
  get members(): readonly string[] {
    return [...this.#members];
  }
  get left(): readonly string[] {
    return [...this.#left];
  }

  merge(entries: readonly Entry[]): void {
    for (const entry of entries) this.#take(entry);
    this.#forgetOldest();
  }

  /** A line of this agent's own: the router does not send it back. */
  said(line: Omit<SaidLine, 'kind'>): void {
    this.#insert({ kind: 'said', ...line });
    this.#forgetOldest();
  }

  #take(entry: Entry): void {
    switch (entry.type) {
      case 'opened':
        this.#opened = entry;
        for (const member of entry.members) this.#members.add(member);
        break;
      case 'said':
        this.#members.add(entry.from);
        this.#insert({ kind: 'said', seq: entry.seq, from: entry.from, text: entry.text });
        break;
      case 'joined':
        this.#members.add(entry.who);
        this.#left.delete(entry.who);
        this.#insert({ kind: 'note', seq: entry.seq, text: `${entry.who} joins the conversation.` });
        break;
      case 'left':
        this.#left.add(entry.who);
        this.#insert({ kind: 'note', seq: entry.seq, text: `${entry.who} leaves the conversation.` });
        break;
      default:
        // How a turn came about is the router's business; what was said is ours.
        break;
    }
  }

  #insert(line: Line): void {
    if (line.kind === 'said' && line.seq < (this.#opening?.seq ?? Number.POSITIVE_INFINITY)) {
      this.#opening = line;
    }
    const before = this.#lines.findLastIndex((known) => known.seq <= line.seq);
    if (this.#lines[before]?.seq === line.seq) return;
    this.#lines.splice(before + 1, 0, line);
    this.#length += line.text.length;
  }

  #forgetOldest(): void {
    if (this.#length <= 2 * this.#keepLength) return;
    let gone = 0;
    while (this.#length > this.#keepLength && gone < this.#lines.length - 1) {
      this.#length -= this.#lines[gone]!.text.length;
      gone += 1;
    }
    this.#lines.splice(0, gone);
  }
}
