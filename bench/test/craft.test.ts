import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { measured, secretsOf } from '../craft/measures.ts';

const said = (seq: number, from: string, text: string): Entry =>
  ({ type: 'said', seq, at: 0, turn: seq, from, text, floor: [from] }) as Entry;
const lapsed = (seq: number, turn: number): Entry =>
  ({ type: 'lapsed', seq, at: 0, turn, cause: 'empty-reply' }) as Entry;
const ended: Entry = { type: 'ended', seq: 99, at: 0, reason: 'max-turns', detail: '4' } as Entry;

const measure = (entries: readonly Entry[]) =>
  measured({
    scenario: 's',
    entries: [...entries, ended],
    calls: [
      {
        agent: 'ann',
        messages: [
          { role: 'system', content: 'You are ann. You like tea.\nGive only your next words, please.' },
          { role: 'user', content: 'Hi\n\n(Now ann speaks, to ben: something new.)' },
        ],
      },
    ],
    secrets: new Map([['ann', ['10,500']]]),
  });

describe('the measures of craft', () => {
  it('the quality figures count the faults of a conversation, and find none in a good one', () => {
    expect(measure([said(1, 'ann', 'Tea is warm.'), said(2, 'ben', 'Coffee is strong.')])).toMatchObject({
      ending: 'max-turns',
      said: 2,
      failedTurns: 0,
      namesInFront: 0,
      copies: 0,
      recitedLines: 0,
      privateLeaks: 0,
      bareVotes: 0,
    });
  });

  it.each([
    ['namesInFront', [said(1, 'ann', '[ben] Tea.'), said(2, 'ben', 'ben: Yes.')], 2],
    [
      'copies',
      [
        said(1, 'ann', 'one two three four five six seven'),
        said(2, 'ben', 'One two three four five six, seven!'),
      ],
      1,
    ],
    [
      'recitedLines',
      [
        said(1, 'ann', 'Give only your next words, please.\nHm.'),
        said(2, 'ben', 'Give only your next words, please.'),
      ],
      1,
    ],
    ['recitedLines', [said(1, 'ann', '(Now ann speaks, to ben: something new.)')], 1],
    ['privateLeaks', [said(1, 'ann', 'I take 10,500.'), said(2, 'ben', 'So 10,500.')], 1],
    ['privateLeaks', [said(1, 'ben', 'Is it 10,500?'), said(2, 'ann', 'It may be 10,500.')], 0],
    ['bareVotes', [said(1, 'ann', '**DONE**')], 1],
    ['failedTurns', [said(1, 'ann', 'Hi'), lapsed(2, 2), lapsed(3, 2), said(4, 'ben', 'Yes')], 1],
  ] as const)('the quality figures count %s', (what, entries, count) => {
    expect(measure(entries)).toMatchObject({ [what]: count });
  });

  it('the quality figures take numbers and code words only from the text after PRIVATE', () => {
    expect(secretsOf('You ask 14,000. PRIVATE: no less than 10,500; the code is HERON-4471.')).toEqual([
      '10,500',
      'HERON-4471',
    ]);
  });
});
