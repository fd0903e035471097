import { type Entry, viewAfter } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formats } from '../src/exports/formats.ts';
import { endingText } from '../src/terminal/ending-text.ts';
import { LiveTranscript } from '../src/terminal/live-transcript.ts';
import { PlainTranscript } from '../src/terminal/plain-transcript.ts';
import { sideBySide } from '../src/terminal/side-by-side.ts';
import { ended, lapsed, opened, said } from './entries.ts';
import { FakeScreen } from './screens.ts';

const chunk = (from: string, turn: number, text: string) =>
  ({ kind: 'chunk', conversation: 'c', turn, from, text }) as const;

describe('a live transcript', () => {
  it('a live transcript shows names beside wrapped text, with an empty line between', () => {
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

  it('a live transcript shows a reply while it is written, and has the same lines at the end however the reply came', () => {
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

  it('a live transcript appends new text instead of drawing a line again', () => {
    const screen = new FakeScreen();
    const transcript = new LiveTranscript(screen);
    transcript.entry(opened());
    transcript.chunk(chunk('alice', 1, 'Well, '));
    screen.text = '';
    transcript.chunk(chunk('alice', 1, 'hello'));
    expect(screen.text).toBe(' hello');
  });

  it('a live transcript removes a streamed reply that never became a message', () => {
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

  it('a live transcript keeps an unfinished reply below a note', () => {
    const screen = new FakeScreen();
    const transcript = new LiveTranscript(screen);
    transcript.entry(opened());
    transcript.chunk(chunk('alice', 1, 'Well'));
    transcript.note('bob: no router');
    expect(screen.shown).toEqual(['  bob: no router', '', '  alice  Well']);
  });
});

describe('a plain transcript', () => {
  it('a plain transcript writes a line for each message, without any control sequence', () => {
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

describe('what peers put into the fields of an entry', () => {
  const hostile = '\x1b]0;owned\x07\x1b[2J\x9b2J\rx\u202e';
  const place = { seq: 2, at: 2_000 };
  const entries = [
    opened({ topic: hostile, by: hostile, members: [hostile, 'bob'] }),
    said(2, hostile, hostile, { to: [hostile], target: hostile }),
    {
      type: 'passed',
      ...place,
      turn: 1,
      from: hostile,
      reason: 'declined',
      detail: hostile,
      floor: [hostile],
    },
    { type: 'lapsed', ...place, turn: 1, from: hostile, cause: 'gone', detail: hostile },
    { type: 'noted', ...place, by: hostile, to: [hostile], kind: 'whisper', text: hostile },
    { type: 'seated', ...place, who: hostile, by: hostile },
    { type: 'unseated', ...place, who: hostile, by: hostile },
    { type: 'recast', ...place, by: hostile, role: { name: hostile, persona: hostile, model: hostile } },
    { type: 'joined', ...place, who: hostile },
    { type: 'left', ...place, who: hostile, floor: [hostile] },
    { type: 'paused', ...place, by: hostile },
    { type: 'resumed', ...place, by: hostile },
  ] as Entry[];
  const ending = { reason: 'failed', detail: hostile } as const;

  it.each(entries.map((entry) => [entry.type, entry] as const))(
    'text of peers in the fields of an entry never controls the terminal: %s',
    (_type, entry) => {
      for (const screen of [new FakeScreen({ live: false }), new FakeScreen()]) {
        const transcript = screen.live ? new LiveTranscript(screen) : new PlainTranscript(screen);
        transcript.entry(opened());
        if (entry.type === 'said') transcript.chunk(chunk(hostile, 1, hostile));
        transcript.entry(entry);
        transcript.note(`ended: ${endingText(ending)}`);
        const own = new RegExp(
          `${String.fromCharCode(0x1b)}\\[\\d*A|\r${String.fromCharCode(0x1b)}\\[J|\n`,
          'g',
        );
        expect(screen.text.replaceAll(own, '')).not.toMatch(/[\p{Cc}\u202e]/u);
      }
    },
  );

  it('text of peers never controls the terminal in the ending, in two branches beside each other, or in an export', () => {
    const branch = { id: hostile, entries: [...entries, { type: 'ended', ...place, ...ending } as Entry] };
    const texts = [
      endingText(ending),
      sideBySide(new FakeScreen(), branch, { id: 'b', entries: [opened()] }),
    ];
    const view = viewAfter(undefined, 'c', opened({ topic: hostile }));
    if (!view) throw new Error('no view of an opened conversation');
    for (const format of Object.values(formats))
      texts.push(format.one({ view, entries: branch.entries, as: hostile }));
    for (const text of texts) expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});
