import { describe, expect, it } from 'vitest';
import { phraseIn } from '../src/index.ts';

describe('a phrase on a line of its own', () => {
  it.each([
    ['the end', 'the end'],
    ['THE END', 'Well then.\nThe End'],
    ['the end', 'before\n  *“(the end)”*…  \nafter'],
    ['the end', '¿The end?'],
    ['*The end.*', 'the end'],
    ['ENDE', 'Gut.\n»Ende«．'],
    ['ENDE', '„Ende“.'],
    ['slut', '”Slut”'],
    ['fin', '« Fin »'],
    ['goodbye', 'All is said.\n- Goodbye'],
    ['goodbye', '> goodbye'],
    ['goodbye', 'Goodbye 👋🏽'],
    ['再见', '好的。\n再见～'],
    ['さようなら', '「さようなら」。'],
    ['समाप्त', 'समाप्त।'],
    ["it's over", 'It’s over.'],
    ['it’s over', "It's over."],
    ['café', 'Cafe\u0301!'],
    ['END', 'ＥＮＤ'],
    ['a.b', '(a.b)'],
    ['👋', 'Hello.\n👋\nHow are you?'],
    ['...', 'Well.\n...'],
    ['stop', 'Points:\n- go\n- stop\n'],
  ])('%j is found in %j', (phrase, text) => expect(phraseIn(text, [phrase])).toBe(phrase));

  it.each([
    ['the end', 'this is the end'],
    ['the end', 'the end is near'],
    ['the end', 'the\nend'],
    ['the end', 'the  end'],
    ['ab', 'a.b'],
    ['the end', ''],
    ['👋', 'Hello.\n\nHow are you?'],
    ['🏁🏁', 'Hello.\n\nHow are you?'],
    ['~', 'Hello.\n\nHow are you?'],
    ['...', 'Hello.\n\nHow are you?'],
    ['...', 'Well...'],
    ['👋', '👋 Hello.'],
    ['stop', 'Points:\n- stop\n- go'],
    ['stop', 'Points:\n* stop\n* go'],
  ])('%j is not found in %j', (phrase, text) => expect(phraseIn(text, [phrase])).toBeUndefined());

  it('the first of several phrases is found, in the order in which they are given', () => {
    expect(phraseIn('two\none', ['none', 'one', 'two'])).toBe('one');
    expect(phraseIn('anything', [])).toBeUndefined();
  });
});

describe('a marker', () => {
  it.each([
    ['###STOP###', 'That was all. ###STOP###'],
    ['###STOP###', 'That was all. ###stop###.”  \n'],
    [' ###STOP### ', 'That was all.###STOP###'],
    ['<END>', 'so <END> it says <END>'],
    ['[OVER]', 'x [over]'],
    ['#.#', 'a #.#'],
    ['###STOP###', 'all ###STOP### 🎉'],
    ['【完】', 'お話はここまで。【完】'],
    ['##', 'all ##'],
    ['👋', 'Hello 👋'],
    ['🏁🏁', 'The end. 🏁🏁'],
    ['👋', 'Hello 👋🏽!'],
    ['<A\nB>', 'all <a\nb>'],
    ['###STOP###', `all ###STOP###${'"'.repeat(20)}`],
  ])('%j is also found at the end of %j', (marker, text) => {
    expect(phraseIn(text, [marker])).toBe(marker);
  });

  it.each([
    ['###STOP###', '###STOP### is what I must say'],
    ['###STOP###', `all ###STOP###${'"'.repeat(21)}`],
    ['STOP', 'we must STOP'],
    ['#STOP', 'we must #STOP'],
    ['STOP#', 'we must STOP#'],
    ['"stop"', 'he said "stop"'],
    ['(stop)!', 'he said (stop)!'],
    ['.stop#', 'he said .stop#'],
    ['#', 'we need a #'],
  ])('%j is not found inside the last line of %j', (phrase, text) => {
    expect(phraseIn(text, [phrase])).toBeUndefined();
  });
});
