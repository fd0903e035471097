import type { Entry, EntryOf } from '@parley/protocol';
import { cut, harmless, nameColour, paint, type Screen, wrap } from './terminal.ts';
import { Cast, type Chunk, noteOf, type Transcript } from './transcript.ts';

const widest = 92;
const margin = '  ';
const waiting = '…';

/** An unfinished message: shown below all others and drawn again when it grows. */
interface Draft {
  readonly from: string;
  readonly turn: number | undefined;
  text: string;
}

/** The hearers, if a message is not for all members. */
const withListeners = ({ text, to }: EntryOf<'said'>): string =>
  to ? `(to ${to.join(', ')}) ${text}` : text;

/** Shows names in a column of their own with wrapped text beside them, and replies while they are written. */
export class LiveTranscript implements Transcript {
  readonly #screen: Screen;
  readonly #cast = new Cast();
  #draft: Draft | undefined;
  #status: string | undefined;
  /** The lines of the draft on the screen. The cursor is at the end of the last one. */
  #drawn: readonly string[] = [];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  chunk({ from, turn, text }: Chunk): void {
    if (this.#draft?.from === from && (this.#draft.turn ?? turn) === turn) {
      this.#draft = { from, turn, text: this.#draft.text + text };
    } else {
      this.#draft = { from, turn, text };
    }
    this.#redraw(this.#linesOf(this.#draft));
  }

  entry(entry: Entry): void {
    switch (entry.type) {
      case 'opened':
        this.#cast.meet(...entry.members);
        this.#await(entry.floor);
        break;
      case 'said':
        this.#settle(this.#linesOf({ from: entry.from, turn: entry.turn, text: withListeners(entry) }));
        this.#await(entry.floor);
        break;
      case 'ended':
        this.#draft = undefined;
        this.#status = undefined;
        this.#redraw([]);
        break;
      case 'lapsed':
        this.#draft = undefined;
        this.note(noteOf(entry) ?? '');
        this.#await([entry.from]);
        break;
      default: {
        const text = noteOf(entry);
        if (text) this.note(text);
        if ('floor' in entry && entry.floor) this.#await(entry.floor);
      }
    }
  }

  /** Sets the line that stays below all others. */
  status(text: string): void {
    this.#status = text;
    this.#redraw(this.#draft ? this.#linesOf(this.#draft) : []);
  }

  note(text: string): void {
    const lines = wrap(harmless(text), this.#columns).map(
      (line) => `${margin}${paint(this.#screen, line, 'dim')}`,
    );
    this.#settle(lines);
    this.#redraw(this.#draft ? this.#linesOf(this.#draft) : []);
  }

  get #columns(): number {
    return Math.max(20, Math.min(widest, this.#screen.columns) - margin.length - 1);
  }

  #await(floor: readonly string[]): void {
    const [from] = floor;
    this.#draft = from === undefined ? undefined : { from, turn: undefined, text: '' };
    this.#redraw(this.#draft ? this.#linesOf(this.#draft) : []);
  }

  #linesOf({ from, text }: Draft): string[] {
    const colour = nameColour(this.#cast.placeOf(from));
    const width = this.#cast.nameWidth;
    const name = from.length > width ? `${from.slice(0, width - 1)}…` : from;
    const said = harmless(text).trim();
    const lines = wrap(said, this.#columns - width - 2);
    if (said === '') lines[0] = paint(this.#screen, waiting, 'dim');
    return lines.map((line, index) => {
      const label = index === 0 ? paint(this.#screen, name.padEnd(width), 'bold', colour) : ' '.repeat(width);
      return line === '' ? '' : `${margin}${label}  ${line}`;
    });
  }

  /** Writes final lines in place of the draft. */
  #settle(lines: readonly string[]): void {
    this.#draw(lines);
    this.#screen.write('\n\n');
    this.#drawn = [];
  }

  #redraw(lines: readonly string[]): void {
    if (this.#status === undefined) return this.#draw(lines);
    const status = paint(this.#screen, cut(harmless(this.#status), this.#screen.columns - 3), 'dim');
    this.#draw([...lines, ...(lines.length > 0 ? [''] : []), `${margin}${status}`]);
  }

  /** Redraws the draft as `lines` and writes only the difference. */
  #draw(lines: readonly string[]): void {
    const drawn = this.#drawn;
    this.#drawn = lines;
    let same = 0;
    while (same < drawn.length && same < lines.length && drawn[same] === lines[same]) same++;
    if (same === drawn.length) {
      const more = lines.slice(same);
      if (more.length > 0) this.#screen.write(`${same > 0 ? '\n' : ''}${more.join('\n')}`);
      return;
    }
    const first = Math.max(0, Math.min(same, lines.length - 1));
    const text = lines.slice(first).join('\n');
    const old = drawn[first] as string;
    const up = drawn.length - 1 - first;
    if (up === 0 && old !== '' && text.startsWith(old)) this.#screen.write(text.slice(old.length));
    else if (up >= this.#screen.rows) this.#screen.write(`\n${lines.join('\n')}`);
    else this.#screen.write(`${up > 0 ? `\x1b[${up}A` : ''}\r\x1b[J${text}`);
  }
}
