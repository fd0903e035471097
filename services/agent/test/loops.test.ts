import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whole, withoutLoop } from '../src/loops.ts';

describe('a reply whose model got stuck', () => {
  it('ends behind the second sentence in a row that was said twice before', () => {
    const round = 'I am building a bridge. I will make it happen. ';
    expect(withoutLoop(`So it is. ${round.repeat(40)}`)).toBe(`So it is. ${round.repeat(3)}`.trimEnd());
  });

  it('may say short things often, and a refrain twice', () => {
    const song = 'The river runs on.\nThe town sleeps on.\n';
    for (const text of ['No. '.repeat(30), `${song}Verse one is here.\n${song}Verse two is here.\n`]) {
      expect(withoutLoop(text)).toBe(text);
    }
  });

  it('loses nothing while no sentence comes three times', () => {
    const sentences = fc.uniqueArray(fc.stringMatching(/^[a-z ]{15,30}$/), { maxLength: 20 });
    fc.assert(
      fc.property(sentences, (unique) => {
        const text = [...unique, ...unique].join('. ');
        expect(withoutLoop(text)).toBe(text);
      }),
      { seed: 41 },
    );
  });
});

describe('a reply that was cut off', () => {
  it.each([
    ['ends with its last whole sentence', 'One is done. Two is done! Thr', 'One is done. Two is done!'],
    [
      'says that it goes on when there is hardly a sentence',
      'Yes. But when the river',
      'Yes. But when the river…',
    ],
    ['is not cut at a decimal point', 'It costs about 3.50 and then', 'It costs about 3.50 and then…'],
    ['keeps a closing quotation mark', 'He said “no.” And th', 'He said “no.”'],
    ['may be empty', '', ''],
  ])('%s', (_, text, shown) => {
    expect(whole(text)).toBe(shown);
  });
});
