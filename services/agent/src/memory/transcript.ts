import type { Entry, EntryOf, LapseCause, Limits, Omitted, Role } from '@parley/protocol';
import type { Line, SaidLine, Summary } from './turn-context.ts';

const lengthOf = (line: Line): number => {
  if ('text' in line) return line.text.length;
  return 24 + ('who' in line ? line.who.length : 0);
};

/**
 * The roles that an entry gives to members. The cast of a fork replaces all roles; a `recast` changes the fields that it names.
 */
interface Casting {
  readonly seq: number;
  readonly role: Role;
  readonly whole: boolean;
}

/**
 * What this agent remembers of one conversation. It is a cache: all of it can be read from the ledger of the router again. Entries
 * may come in any order and more than once. Memory is bounded: when the lines have grown to twice `keepLength` characters, the
 * oldest are dropped, except the opening.
 */
export class Transcript {
  readonly #keepLength: number;
  readonly #members = new Set<string>();
  readonly #left = new Set<string>();
  readonly #lines: Line[] = [];
  readonly #castings: Casting[] = [];
  #lapses: EntryOf<'lapsed'>[] = [];
  #length = 0;
  #opened: EntryOf<'opened'> | undefined;
  #forked: EntryOf<'forked'> | undefined;
  #opening: SaidLine | undefined;
  #summary: Summary | undefined;
  #noted = false;
  /** Seq of the newest known entry. */
  #newest = 0;

  constructor(keepLength: number) {
    this.#keepLength = keepLength;
  }

  /** Undefined until the beginning is known. The agent should not answer before that. */
  get opened(): EntryOf<'opened'> | undefined {
    return this.#opened;
  }
  /** The limits, of the newest fork if there is one. */
  get limits(): Partial<Limits> {
    return this.#forked?.limits ?? this.#opened?.limits ?? {};
  }
  get opening(): SaidLine | undefined {
    return this.#opening;
  }
  get summary(): Summary | undefined {
    return this.#summary;
  }
  /** Whether there has ever been a private note. */
  get noted(): boolean {
    return this.#noted;
  }
  /** The approximate number of characters in memory. */
  get length(): number {
    return this.#length;
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

  /** The role that the conversation gives to `name`. */
  roleOf(name: string): Partial<Role> {
    let role: Partial<Role> = {};
    for (const casting of this.#castings) {
      if (casting.role.name === name) role = casting.whole ? casting.role : { ...role, ...casting.role };
    }
    return role;
  }

  /** Why earlier grants of `turn` lapsed, oldest first. */
  lapsesOf(turn: number): readonly LapseCause[] {
    return this.#lapses.filter((lapse) => lapse.turn === turn).map(({ cause }) => cause);
  }

  /** `omitted`: the entries that the router left out. */
  merge(entries: readonly Entry[], omitted?: Omitted): void {
    const known = this.#newest;
    for (const entry of entries) this.#take(entry);
    if (omitted) this.#omit(omitted, known);
    this.#forgetOldest();
  }

  /** The entries up to `through` are missing, except the beginning. */
  leftOut(through: number): void {
    this.#insert({ kind: 'gap', seq: through });
  }

  /** The messages are missing, but the members and the role of this agent are given in `omitted`. */
  #omit({ through, members, role }: Omitted, known: number): void {
    if (through > known) this.leftOut(through);
    for (const member of this.#members) if (!members.includes(member)) this.#left.add(member);
    for (const member of members) {
      this.#members.add(member);
      this.#left.delete(member);
    }
    if (role) this.#cast({ seq: through, role, whole: true });
  }

  /** A summary that this agent has written. The entry of the ledger for it comes later. */
  summarised(summary: Summary): void {
    if (summary.through >= (this.#summary?.through ?? 0)) this.#summary = summary;
  }

  #take(entry: Entry): void {
    const { seq } = entry;
    this.#newest = Math.max(this.#newest, seq);
    switch (entry.type) {
      case 'opened':
        this.#opened = entry;
        for (const member of entry.members) this.#members.add(member);
        for (const role of entry.cast ?? []) this.#cast({ seq, role, whole: true });
        break;
      case 'forked':
        if (seq >= (this.#forked?.seq ?? 0)) this.#forked = entry;
        for (const role of entry.cast ?? []) this.#cast({ seq, role, whole: true });
        break;
      case 'recast':
        this.#cast({ seq, role: entry.role, whole: false });
        break;
      case 'said': {
        const { from, to, text, done } = entry;
        this.#members.add(from);
        this.#insert({ kind: 'said', seq, from, text, ...(to && { to }), ...(done && { done }) });
        break;
      }
      case 'passed':
        this.#insert({ kind: 'passed', seq, who: entry.from });
        break;
      case 'joined':
        this.#members.add(entry.who);
        this.#left.delete(entry.who);
        this.#insert({ kind: 'came', seq, who: entry.who });
        break;
      case 'left':
        this.#left.add(entry.who);
        this.#insert({ kind: 'went', seq, who: entry.who });
        break;
      case 'noted':
        this.#noted = true;
        this.#insert({ kind: 'note', seq, about: entry.kind, text: entry.text });
        break;
      case 'summarised':
        this.summarised({ through: entry.through, text: entry.text });
        break;
      case 'lapsed':
        this.#lapsed(entry);
        break;
      default:
        // Entries about turns, bids and pauses do not change the transcript.
        break;
    }
  }

  #cast(casting: Casting): void {
    const { seq, role } = casting;
    if (this.#castings.some((one) => one.seq === seq && one.role.name === role.name)) return;
    this.#castings.push(casting);
    this.#castings.sort((a, b) => a.seq - b.seq);
  }

  /** Keeps only the lapses of the newest turn, because no others are needed. */
  #lapsed(entry: EntryOf<'lapsed'>): void {
    const newest = this.#lapses[0]?.turn ?? 0;
    if (entry.turn < newest || this.#lapses.some(({ seq }) => seq === entry.seq)) return;
    const others = entry.turn > newest ? [] : this.#lapses;
    this.#lapses = [...others, entry].sort((a, b) => a.seq - b.seq);
  }

  #insert(line: Line): void {
    if (line.kind === 'said' && line.seq < (this.#opening?.seq ?? Number.POSITIVE_INFINITY)) {
      this.#opening = line;
    }
    const before = this.#lines.findLastIndex((known) => known.seq <= line.seq);
    if (this.#lines[before]?.seq === line.seq) return;
    this.#lines.splice(before + 1, 0, line);
    this.#length += lengthOf(line);
  }

  #forgetOldest(): void {
    if (this.#length <= 2 * this.#keepLength) return;
    let gone = 0;
    while (this.#length > this.#keepLength && gone < this.#lines.length - 1) {
      this.#length -= lengthOf(this.#lines[gone]!);
      gone += 1;
    }
    this.#lines.splice(0, gone);
  }
}
