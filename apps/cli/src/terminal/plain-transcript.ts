import type { Entry } from '@parley/protocol';
import { harmless, nameColour, paint, type Screen } from './terminal.ts';
import { Cast, noteOf, type Transcript } from './transcript.ts';

/** Writes whole lines such as `alice: Hello`, for a file, a pipe, or several conversations at once. */
export class PlainTranscript implements Transcript {
  readonly #screen: Screen;
  readonly #prefix: string;
  readonly #cast = new Cast();

  constructor(screen: Screen, prefix = '') {
    this.#screen = screen;
    this.#prefix = prefix;
  }

  chunk(): void {}

  entry(entry: Entry): void {
    if (entry.type === 'opened') this.#cast.meet(...entry.members);
    if (entry.type !== 'said') {
      const text = noteOf(entry);
      if (text) this.note(text);
      return;
    }
    const name = paint(this.#screen, entry.from, 'bold', nameColour(this.#cast.placeOf(entry.from)));
    const to = entry.to ? paint(this.#screen, ` (to ${entry.to.join(', ')})`, 'dim') : '';
    this.#line(`${name}${to}: ${harmless(entry.text).trimEnd().replaceAll('\n', `\n${this.#prefix}  `)}`);
  }

  note(text: string): void {
    this.#line(paint(this.#screen, `* ${harmless(text)}`, 'dim'));
  }

  #line(text: string): void {
    this.#screen.write(`${this.#prefix}${text}\n`);
  }
}
