import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closesUnopened } from '../../src/text/reasoning.ts';
import { type ReplyRules, sanitise, visibleSoFar } from '../../src/text/sanitise.ts';

const cast: ReplyRules = { self: 'alice', others: ['bob', 'cy.2'], maxLength: 2_000 };
const clean = (raw: string) => sanitise(raw, cast);

describe('what may be said of what a model wrote', () => {
  it.each([
    ['plain text stays', 'Hello there.', 'Hello there.'],
    ['reasoning goes', '<think>secret</think>Hello.', 'Hello.'],
    ['reasoning that never ends goes', 'Hello. <think>secret', 'Hello.'],
    ['reasoning whose beginning is in the template goes', 'secret</think>\n\nHello.', 'Hello.'],
    ['nested reasoning goes', '<think>a<think>b</think>c</think>d', 'd'],
    ['other spellings of the tag go', '<Thinking>x</Thinking>Hi<reasoning>y', 'Hi'],
    ['the two sides of a block do not make a new one', '<thi<think>x</think>nk>open', '<thi nk>open'],
    ['its own name in front goes', 'alice: Hello', 'Hello'],
    ['its own name goes in every form', '**[Alice]:** alice: Hello', 'Hello'],
    ['the name of another at the start of a line cuts', 'I agree.\nbob: Me too.\nalice: Good.', 'I agree.'],
    ['in brackets as well', 'I agree.\n\n[cy.2] Me too.', 'I agree.'],
    ['in bold as well', 'I agree.\n  **bob**: Me too.', 'I agree.'],
    [
      'a name in a sentence does not cut',
      'I told bob: no. And [bob] knows.',
      'I told bob: no. And [bob] knows.',
    ],
    ['a dot in a name is a dot', 'So:\ncyX2: fine', 'So:\ncyX2: fine'],
    ['of a reply with only the name of another in front the words stay', 'bob: I am bob.', 'I am bob.'],
    [
      'control characters go, line ends become one',
      'a\u0000b\u001b[31mc\r\nd\re\tf\u202e',
      'ab[31mc\nd\ne\tf',
    ],
    [
      'the narrator is not spoken for',
      '(The conversation continues.)\nalice: Hello.\n\n(You begin.)\nWell.',
      'Hello.\n\nWell.',
    ],
    ['blank lines stay', 'def f():\n    pass\n\n\ndef g():', 'def f():\n    pass\n\n\ndef g():'],
    ['a heading with a topic stays', 'Topic: rain in June\nIt rains.', 'Topic: rain in June\nIt rains.'],
    ['other brackets stay', '(smiles) Hello.\n(She sits down.)', '(smiles) Hello.\n(She sits down.)'],
    ['half a character is replaced', 'a\ud800b', 'a\ufffdb'],
  ])('a reply is cleaned before it is sent: %s', (_, raw, text) => {
    expect(clean(raw)).toBe(text);
  });

  it('a cleaned reply is no longer than a message may be, and is not truncated inside a character', () => {
    expect(sanitise('ab😀cd', { ...cast, maxLength: 3 })).toBe('ab…');
    expect(sanitise('ab😀cd', { ...cast, maxLength: 5 })).toBe('ab😀…');
  });

  it('a cleaned reply keeps another member’s name apart from the own one when they differ only in case', () => {
    const both: ReplyRules = { self: 'ann', others: ['Ann'], maxLength: 99 };
    expect(sanitise('I see.\nAnn: I am the other.\nann: And I am I.', both)).toBe('I see.');
  });

  it('a cleaned reply has no reasoning that the chat template began', () => {
    expect(closesUnopened('hm</think>Yes')).toBe(true);
    expect(closesUnopened('<think>hm</think>Yes')).toBe(false);
  });
});

const pieces = [
  '<think>',
  '</think>',
  '<',
  '</',
  'thi',
  'nk>',
  '<reasoning>',
  '</reasoning>',
  'SECRET',
  'alice',
  'bob',
  'cy.2',
  ':',
  '[',
  ']',
  '**',
  '\n',
  '\r',
  ' ',
  '>',
  'Hello there',
  '(The conversation continues.)',
  '(The conv',
  '😀',
  '\ud83d',
  '\u0007',
  '.',
];
const anyRaw = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 12 })), { maxLength: 30 })
  .map((parts) => parts.join(''));

describe('anything that a model may write', () => {
  it('any cleaned reply is well-formed and short enough, without tags, control characters and messages of others', () => {
    fc.assert(
      fc.property(anyRaw, (raw) => {
        const text = clean(raw);
        expect(text).not.toMatch(/[^\P{Cc}\n\t]/u);
        expect(text).not.toMatch(/^[ \t]*(?:bob|cy\.2):/m);
        expect(text).not.toMatch(/^[ \t]*\[(?:bob|cy\.2)\]/m);
        expect(text).not.toMatch(/^\[?alice\]?:/i);
        expect(text.isWellFormed()).toBe(true);
        expect(text.trim()).toBe(text);
        expect(text.length).toBeLessThanOrEqual(cast.maxLength);
      }),
      { seed: 3, numRuns: 2_000 },
    );
  });

  it('cleaning a reply twice gives the same as cleaning it once', () => {
    fc.assert(
      fc.property(anyRaw, (raw) => {
        expect(clean(clean(raw))).toBe(clean(raw));
      }),
      { seed: 4, numRuns: 2_000 },
    );
  });

  it('the streamed part of any reply is a prefix of the final message', () => {
    fc.assert(
      fc.property(anyRaw, (raw) => {
        fc.pre(!closesUnopened(raw));
        const text = clean(raw);
        let shown = '';
        for (let end = 0; end <= raw.length; end++) {
          const visible = visibleSoFar(raw.slice(0, end), cast);
          expect(text.startsWith(visible)).toBe(true);
          expect(visible.length >= shown.length || shown.startsWith(visible)).toBe(true);
          if (visible.length > shown.length) shown = visible;
        }
      }),
      { seed: 5, numRuns: 2_000 },
    );
  }, 60_000);

  it('a cleaned reply is streamed before it is complete', () => {
    expect(visibleSoFar('alice: One sentence. Another one! And a thi', cast)).toBe(
      'One sentence. Another one!',
    );
    expect(visibleSoFar('alice: 一句话。又一句', cast)).toBe('一句话。');
  });
});
