import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directedSoFar, readDirections } from '../../src/text/directions.ts';
import { sanitise, visibleSoFar } from '../../src/text/sanitise.ts';
import { contextOf } from '../turn-contexts.ts';

const members = ['alice', 'bob', 'cy.2', 'dan'];
const group = contextOf([], { members, left: ['dan'] });
const chair = contextOf([], { members, left: ['dan'], policy: 'moderator', moderator: 'alice' });
const other = contextOf([], { members, policy: 'moderator', moderator: 'bob' });

describe('a vote to end', () => {
  it.each([
    ['stands on a last line', 'All is said.\n[DONE]', { text: 'All is said.', done: true }],
    ['may end the last line', 'All is said. [done].', { text: 'All is said.', done: true }],
    ['may be in bold', 'All is said.\n\n**[DONE]**', { text: 'All is said.', done: true }],
    ['ends the line', 'All is said.\n[DONE]\nOr is it?', { text: 'All is said.', done: true }],
    ['may come first', '[DONE]\nGoodbye.', { text: 'Goodbye.', done: true }],
    [
      'alone leaves a short closing',
      '[DONE]',
      { text: 'I have nothing to add.', done: true, wordless: true },
    ],
    ['may be without brackets on the last line', 'All is said.\nDONE', { text: 'All is said.', done: true }],
    ['may be bare and in bold', 'All is said.\n\n**DONE.**', { text: 'All is said.', done: true }],
    ['may be in wide brackets', '说完了。\n【DONE】', { text: '说完了。', done: true }],
    [
      'may be nothing but the bare word',
      'DONE',
      { text: 'I have nothing to add.', done: true, wordless: true },
    ],
    ['is none where the bare word is not last', 'DONE\nAnd more.', { text: 'DONE\nAnd more.' }],
    ['is none where the bare word ends a sentence', 'The work is DONE', { text: 'The work is DONE' }],
    ['is none in a message of one word', 'Done.', { text: 'Done.' }],
    ['is none inside a sentence', 'I wrote [DONE] on it.', { text: 'I wrote [DONE] on it.' }],
    ['may have blanks in its brackets', 'All is said.\n[ DONE ]', { text: 'All is said.', done: true }],
    ['may have escaped brackets', 'All is said.\n\\[DONE\\]', { text: 'All is said.', done: true }],
    ['may have a bracket too many', 'All is said. [DONE]]', { text: 'All is said.', done: true }],
    ['may be a tag on its line', 'All is said.\n<DONE>', { text: 'All is said.', done: true }],
    ['may be in braces on its line', 'All is said.\n{DONE}', { text: 'All is said.', done: true }],
    ['may be an item of a list', 'All is said.\n- [DONE]', { text: 'All is said.', done: true }],
    ['may be a heading', 'All is said.\n# DONE', { text: 'All is said.', done: true }],
    ['is none as a tag in a sentence', 'The tag is <done>', { text: 'The tag is <done>' }],
    ['may have two brackets', 'Goodbye.\n[[DONE]]', { text: 'Goodbye.', done: true }],
    [
      'is none as the last item of a list',
      'Three columns:\n- TODO\n- DOING\n- DONE',
      { text: 'Three columns:\n- TODO\n- DOING\n- DONE' },
    ],
    [
      'is none as the last item of a list with stars',
      'Three columns:\n* TODO\n* DONE',
      { text: 'Three columns:\n* TODO\n* DONE' },
    ],
    [
      'is none in a block of code',
      'See:\n```jsx\n<p>\n  {DONE}\n[DONE]\n</p>\n```\nThat is all.',
      { text: 'See:\n```jsx\n<p>\n  {DONE}\n[DONE]\n</p>\n```\nThat is all.' },
    ],
    ['is none at the end of code', 'See:\n```\n[DONE]\n```', { text: 'See:\n```\n[DONE]\n```' }],
    [
      'may follow a block of code',
      'See:\n```\n[DONE]\n```\n[DONE]',
      { text: 'See:\n```\n[DONE]\n```', done: true },
    ],
    [
      'is none in lower case in a tag or in braces',
      'So:\n<done>\n{done}\nyes',
      { text: 'So:\n<done>\n{done}\nyes' },
    ],
    ['is counted once', 'So. [DONE]\n[DONE]', { text: 'So.', done: true }],
  ])('a vote to end is read from a message: %s', (_, line, directed) => {
    expect(readDirections(line, group)).toEqual(directed);
  });
});

describe('the moderator’s pick', () => {
  it.each([
    ['by a name at the end', 'Fine. What do you think, @Bob?', 'Fine. What do you think, @Bob?', 'bob'],
    ['by a name at the beginning', '@bob, go on; @cy.2 was wrong there.', undefined, 'bob'],
    ['with a dot in the name, and behind it', 'Now @cy.2.', undefined, 'cy.2'],
    ['by a line, which is not said', 'Thank you all.\nNEXT: bob', 'Thank you all.', 'bob'],
    ['by a line in bold', 'Thank you.\n**NEXT:** @cy.2', 'Thank you.', 'cy.2'],
    ['by a line alone', 'NEXT: bob', '@bob, please go on.', 'bob'],
    ['by the last one named, else', 'I ask @bob or maybe @cy.2 about it', undefined, 'cy.2'],
  ])('the moderator’s pick is read %s', (_, line, text, target) => {
    expect(readDirections(line, chair)).toMatchObject({ text: text ?? line, target });
  });

  it('the moderator picks no member when it names none that is present', () => {
    for (const line of ['Thank you.', 'And you, @dan?', 'NEXT: none', '@alice']) {
      expect(readDirections(line, chair).target).toBeUndefined();
    }
  });

  it('a pick is read only from the message of the moderator', () => {
    expect(readDirections('Your turn, @cy.2.\nNEXT: cy.2', other)).toEqual({
      text: 'Your turn, @cy.2.\nNEXT: cy.2',
    });
  });

  it('the moderator’s pick may come with the vote that closes the conversation', () => {
    expect(readDirections('We are through.\nNEXT: bob\n[DONE]', chair)).toEqual({
      text: 'We are through.',
      target: 'bob',
      done: true,
    });
  });
});

describe('an aside', () => {
  it('an aside is for the members that it names', () => {
    const line = '(aside to Bob and cy.2) I have two aces.';
    expect(readDirections(line, group)).toEqual({ text: 'I have two aces.', to: ['bob', 'cy.2'] });
  });

  it('an aside to a name that is not present is sent as normal text', () => {
    expect(readDirections('(aside to dan) Psst.', group)).toEqual({ text: '(aside to dan) Psst.' });
  });
});

const pieces = [
  '[DONE]',
  '[done',
  '[ DONE ]',
  '\\[DONE\\]',
  '<DONE>',
  '<',
  '>',
  '- ',
  '# ',
  '{DONE}',
  '[[DONE]]',
  '```',
  '* ',
  '[',
  'DO',
  'NE',
  ']',
  '**',
  'NEXT:',
  'next',
  '@bob',
  ' bob',
  '@',
  '(aside to bob)',
  '(aside',
  '(',
  '\n',
  '\n\n',
  'bob:',
  'Hello there',
  '.',
  ' ',
];
const anyRaw = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(''));

describe('any line with directions in it', () => {
  it('the streamed part of a message with directions is always a prefix of it, and contains nothing of an aside', () => {
    fc.assert(
      fc.property(anyRaw, fc.constantFrom(group, chair), (raw, context) => {
        const cast = { self: 'alice', others: ['bob', 'cy.2', 'dan'], maxLength: 2_000 };
        const { text, to } = readDirections(sanitise(raw, cast), context);
        for (let end = 0; end <= raw.length; end++) {
          const visible = directedSoFar(visibleSoFar(raw.slice(0, end), cast), context);
          expect(text.startsWith(visible)).toBe(true);
          if (to) expect(visible).toBe('');
        }
      }),
      { seed: 11, numRuns: 5_000 },
    );
  }, 60_000);

  it('a message without its directions contains no further vote and no further pick', () => {
    fc.assert(
      fc.property(anyRaw, (raw) => {
        const { text } = readDirections(raw, chair);
        expect(text).not.toMatch(/^\s*\[DONE\]\s*$/im);
        expect(text).not.toMatch(/\[DONE\]$/i);
        expect(text).not.toMatch(/^\s*NEXT:\s*bob\s*$/im);
      }),
      { seed: 12, numRuns: 2_000 },
    );
  });
});
