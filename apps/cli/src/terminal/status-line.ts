import { cut, harmless, paint, type Screen } from './terminal.ts';

/** Lines above one line that is drawn again and again. In a pipe there are only the lines. */
export class StatusLine {
  readonly #screen: Screen;
  #status = '';

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** A line that stays. */
  line(text: string): void {
    this.#erase();
    this.#screen.write(`${text}\n`);
    this.#draw();
  }

  status(text: string): void {
    if (!this.#screen.live) return;
    this.#erase();
    this.#status = text;
    this.#draw();
  }

  /** Takes the line away. */
  clear(): void {
    this.#erase();
    this.#status = '';
  }

  #erase(): void {
    if (this.#status !== '') this.#screen.write('\r\x1b[J');
  }

  #draw(): void {
    if (this.#status === '') return;
    this.#screen.write(paint(this.#screen, cut(harmless(this.#status), this.#screen.columns - 1), 'dim'));
  }
}
