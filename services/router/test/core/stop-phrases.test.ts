import { describe, expect, it } from 'vitest';
import { limits, Talk } from './talk.ts';

const endingOf = (phrase: string, ...texts: string[]): string | undefined => {
  const talk = new Talk({ limits: limits({ stopPhrases: [phrase] }) });
  for (const text of texts) talk.say(text);
  return talk.ending;
};

describe('a stop phrase', () => {
  it.each([
    ['English', 'THE END', 'Well then.\n*The end.*'],
    ['Chinese', '再见', '我走了。\n再见。'],
    ['Chinese in quotes', '结束', '好的。\n「结束」'],
    ['Japanese', 'おわり', 'では。\nおわり！'],
    ['Arabic', 'انتهى', 'شكرا\nانتهى؟'],
    ['Hebrew', 'סוף', 'תודה\n"סוף".'],
    ['Hindi', 'समाप्त', 'ठीक है\nसमाप्त।'],
    ['Thai', 'จบ', 'ขอบคุณ\nจบ…'],
  ])(
    'a stop phrase counts on a line of its own, with the marks of its script: %s',
    (_script, phrase, text) => {
      expect(endingOf(phrase, text)).toBe('stop-phrase');
    },
  );

  it.each([
    ['###STOP###', 'Please close the request. ###STOP###'],
    ['###STOP###', '请关闭。###stop###。'],
    ['<END>', 'That was all. <END>'],
    ['[[OVER]]', 'That was all. **[[OVER]]**'],
  ])('a stop phrase that is a marker, %s, counts at the very end of a message', (phrase, text) => {
    expect(endingOf(phrase, text)).toBe('stop-phrase');
  });

  it.each([
    ['###STOP###', 'I was told to say ###STOP### when I am done, but I am not done.'],
    ['THE END', 'This is not yet the end'],
    ['goodbye', 'I will not say goodbye.'],
    ['"enough"', 'He said "enough"'],
  ])('the stop phrase %s does not count inside a sentence: %s', (phrase, text) => {
    expect(endingOf(phrase, text)).toBeUndefined();
  });
});
