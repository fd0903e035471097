import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStuck, whole, withoutLoop } from '../../src/text/repetition.ts';

describe('a reply whose model got stuck', () => {
  it('a reply in a loop ends where sentences begin to repeat that occur three times', () => {
    const round = 'I am building a bridge. I will make it happen. ';
    expect(withoutLoop(`So it is. ${round.repeat(40)}`)).toBe(`So it is. ${round}`.trimEnd());
  });

  it('a reply without a loop may repeat short sentences, and a refrain twice', () => {
    const song = 'The river runs on.\nThe town sleeps on.\n';
    for (const text of ['No. '.repeat(6), `${song}Verse one is here.\n${song}Verse two is here.\n`]) {
      expect(withoutLoop(text)).toBe(text);
    }
  });

  it.each([
    ['English', 'I hear you. ', 'The ship is old. '],
    ['short sentences', 'No. ', 'Yes. '],
    ['Chinese', '我听到了你说的话。', '船很旧了。'],
    ['Japanese', 'はい、そうです。', '船は古いです。'],
    ['Korean', '네 그렇습니다. ', '배가 낡았어요. '],
    ['Arabic', 'نعم أسمعك جيدا؟ ', 'السفينة قديمة. '],
    ['Hebrew', 'אני שומע אותך. ', 'הספינה ישנה. '],
    ['lines without an end', 'and so on\n', 'well then\n'],
  ])('a loop in a reply is detected and its repetitions are removed: %s', (_language, again, first) => {
    expect(withoutLoop(`${first}${again.repeat(40)}`)).toBe(`${first}${again}`.trimEnd());
    expect(isStuck(`${first}${again.repeat(40)}`)).toBe(true);
  });

  it.each([
    ['words', 'It goes and '.repeat(40)],
    ['Chinese without marks', '船很旧了'.repeat(40)],
    ['Thai without blanks', 'เรือเก่ามาก'.repeat(40)],
    ['one character', `No${'o'.repeat(400)}`],
  ])('a loop inside one sentence is detected: %s', (_what, text) => {
    expect(isStuck(text)).toBe(true);
    expect(withoutLoop(text).length).toBeLessThan(20);
  });

  it.each([
    ['a blank to fill in', `Name: ${'_'.repeat(80)} and date.`],
    ['a rule', `Title\n${'='.repeat(120)}\nText.`],
    ['a table of contents', `1. Start ${'.'.repeat(70)} 1`],
    ['a row of numbers', `[${'0, '.repeat(30)}1]`],
    ['a table of numbers', `a,b\n${'0,0\n'.repeat(12)}`],
    ['lines of code', `\`\`\`\n${"press('Tab');\n".repeat(9)}\`\`\`\nNine times.`],
  ])('equal rows of data, marks and code are no loop: %s', (_what, text) => {
    expect(isStuck(text)).toBe(false);
    expect(withoutLoop(text)).toBe(text);
  });

  it('equal rows of data without an end are a loop', () => {
    for (const text of ['0,0\n'.repeat(200), '01'.repeat(200), `\`\`\`\n${'go on();\n'.repeat(60)}`])
      expect(isStuck(text)).toBe(true);
  });

  it('a reply stays complete while no sentence occurs three times', () => {
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
    ['ends with its only whole sentence', 'Yes. But when the river', 'Yes.'],
    ['says that it goes on when no sentence is whole', 'But when the river', 'But when the river…'],
    ['ends with the last whole line of a list', '- oak\n- elm\n- as', '- oak\n- elm'],
    ['ends before the number of an item', '1. Oak is old.\n2. El', '1. Oak is old.'],
    ['knows the ends of sentences in Burmese', 'သင်္ဘောပါ။ ပြီး', 'သင်္ဘောပါ။'],
    ['knows the ends of sentences in Armenian', 'Նավ է։ Եվ', 'Նավ է։'],
    ['knows the ends of sentences in Amharic', 'መርከብ ነው። እና', 'መርከብ ነው።'],
    ['knows the ends of sentences in Khmer', 'កប៉ាល់។ ហើយ', 'កប៉ាល់។'],
    ['knows the ends of sentences in Chinese', '船还是那艘船。木板', '船还是那艘船。'],
    ['knows a Japanese closing bracket', '「船です。」と言', '「船です。」'],
    ['knows the ends of sentences in Arabic', 'هل هي السفينة؟ نعم', 'هل هي السفينة؟'],
    ['knows the ends of sentences in Hindi', 'यह जहाज है। और', 'यह जहाज है।'],
    ['knows the ends of sentences in Hebrew', 'זו הספינה. ואז', 'זו הספינה.'],
    ['is marked in Thai, which has no marks of its own', 'เรือลำนี้ยังเป็น', 'เรือลำนี้ยังเป็น…'],
    ['is not cut at a decimal point', 'It costs about 3.50 and then', 'It costs about 3.50 and then…'],
    ['keeps a closing quotation mark', 'He said “no.” And th', 'He said “no.”'],
    ['may be empty', '', ''],
  ])('a truncated reply keeps its whole sentences: %s', (_, text, shown) => {
    expect(whole(text)).toBe(shown);
  });
});
