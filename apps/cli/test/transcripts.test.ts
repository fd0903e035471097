import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveTranscript } from '../src/live-transcript.ts';
import { PlainTranscript } from '../src/plain-transcript.ts';
import { ended, lapsed, opened, said } from './entries.ts';
import { FakeScreen } from './screens.ts';

const chunk = (from: string, turn: number, text: string) =>
  ({ kind: 'chunk', conversation: 'c', turn, from, text }) as const;

describe('a live transcript', () => {
  it('shows names beside wrapped text, with a line between', () => {
    const screen = new FakeScreen({ columns: 31 });
    const transcript = new LiveTranscript(screen);
    transcript.entry(opened());
    transcript.entry(said(2, 'alice', 'A ship is what sails, not what it is made of.'));
    transcript.entry(said(3, 'bob', 'Is it?'));
    expect(screen.shown.map((line) => line.trimEnd())).toEqual([
      '  alice  A ship is what sails,',
      '         not what it is made',
      '         of.',
      '',
      '  bob    Is it?',
      '',
      '  alice  …',
    ]);
    transcript.entry(ended(4));
    expect(screen.shown.at(-1)).toBe('');
  });

  it('shows a reply while it is written, and ends at the same lines however it came', () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'bc', ' ', '\n', '.') }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(pieces, fc.string({ unit: fc.constantFrom('a', ' ', 'b') }), (streamed, tail) => {
        const text = `${streamed.join('')}${tail}x`;
        const shownAfter = (chunks: readonly string[]) => {
          const screen = new FakeScreen({ columns: 24, rows: 100 });
          const transcript = new LiveTranscript(screen);
          transcript.entry(opened());
          for (const one of chunks) transcript.chunk(chunk('alice', 1, one));
          transcript.entry(said(2, 'alice', text));
          return screen.shown;
        };
        expect(shownAfter(streamed)).toEqual(shownAfter([]));
      }),
    );
  });

  it('appends what is new instead of drawing a line again', () => {
    const screen = new FakeScreen();
    const transcript = new LiveTranscript(screen);
    transcript.entry(opened());
    transcript.chunk(chunk('alice', 1, 'Well, '));
    screen.text = '';
    transcript.chunk(chunk('alice', 1, 'hello'));
    expect(screen.text).toBe(' hello');
  });

  it('replaces a streamed reply that never became a line', () => {
    const screen = new FakeScreen();
    const transcript = new LiveTranscript(screen);
    transcript.entry(opened());
    transcript.chunk(chunk('alice', 1, 'I was about to say something long that took lines'));
    transcript.entry(lapsed(2, 'alice'));
    transcript.chunk(chunk('alice', 1, 'Again'));
    expect(screen.shown).toEqual([
      '  alice gave no answer',
      '  (model-unauthorized: wrong key)',
      '',
      '  alice  Again',
    ]);
  });

  it('keeps a reply under way below a note', () => {
    const screen = new FakeScreen();
    const transcript = new LiveTranscript(screen);
    transcript.entry(opened());
    transcript.chunk(chunk('alice', 1, 'Well'));
    transcript.note('bob: no router');
    expect(screen.shown).toEqual(['  bob: no router', '', '  alice  Well']);
  });
});

describe('a plain transcript', () => {
  it('writes a line for each line said, without a trace of the terminal', () => {
    const screen = new FakeScreen({ live: false });
    const transcript = new PlainTranscript(screen, 'c1  ');
    for (const entry of [opened(), said(2, 'alice', 'One\ntwo\x1b[31m'), lapsed(3, 'bob'), ended(4)]) {
      transcript.entry(entry);
    }
    expect(screen.text).toBe(
      'c1  alice: One\nc1    two[31m\nc1  * bob gave no answer (model-unauthorized: wrong key)\n',
    );
  });
});
