import type { Screen } from '../src/terminal/terminal.ts';

const esc = String.fromCharCode(0x1b);
/** Up by so many lines (A), or erase from here on (J). */
const move = new RegExp(`${esc}\\[(\\d*)([AJ])`);
const tokens = new RegExp(`${move.source}|[^]`, 'gu');

/** A screen that remembers what was written to it. */
export class FakeScreen implements Screen {
  text = '';
  readonly live: boolean;
  readonly colour: boolean;
  readonly columns: number;
  readonly rows: number;

  constructor({ live = true, colour = false, columns = 40, rows = 24 }: Partial<Screen> = {}) {
    this.live = live;
    this.colour = colour;
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.text += text;
  }

  /** What a terminal would show: the lines, with the cursor moves that LiveTranscript uses carried out. */
  get shown(): string[] {
    const lines = [''];
    let row = 0;
    let column = 0;
    for (const [token] of this.text.matchAll(tokens)) {
      const [, count, way] = move.exec(token) ?? [];
      if (way === 'A') row -= Number(count);
      else if (way === 'J') lines.splice(row, Number.POSITIVE_INFINITY, (lines[row] ?? '').slice(0, column));
      else if (token === '\r') column = 0;
      else if (token === '\n') {
        row++;
        column = 0;
        lines[row] ??= '';
      } else {
        const line = lines[row] ?? '';
        lines[row] = line.slice(0, column).padEnd(column) + token + line.slice(column + 1);
        column++;
      }
    }
    return lines;
  }
}
