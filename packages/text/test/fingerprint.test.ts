import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { testSeed } from '../../../tests/harness/test-seed.ts';
import { fingerprintOf, likeness, maxRuns } from '../src/index.ts';

afterAll(() => console.log(`fingerprint: PARLEY_SEED=${testSeed}`));

/** What likeness means, said as plainly as possible: runs of five words as texts. */
const runsOf = (text: string): Set<string> => {
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  const count = Math.max(1, words.length - 4);
  return new Set(Array.from({ length: count }, (_, at) => words.slice(at, at + 5).join(' ')));
};
const exact = (text: string, earlier: readonly string[]): number => {
  const runs = runsOf(text);
  const shares = earlier
    .map(runsOf)
    .map((other) => [...runs].filter((run) => other.has(run)).length / runs.size);
  return Math.round(Math.max(0, ...shares) * 100) / 100;
};
const measured = (text: string, earlier: readonly string[]): number =>
  likeness(fingerprintOf(text), earlier.map(fingerprintOf));

/** Parts that are often the same in two messages, at different places, among words that are not. */
const part = fc.constantFrom(...['the', 'Tide', "don't é", '4711', 'the tide comes in again, and goes']);
const words = fc.array(part, { maxLength: 60, size: 'max' });
const messages = fc.array(words, { maxLength: 8 });

/** A message of `count` words of which each is replaced by another with the given share. */
const message = (count: number, changed: number, salt: number): string => {
  let state = salt;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, (_, at) => (next() < changed ? `x${salt}y${at}` : `w${at}`)).join(' ');
};

describe('likeness', () => {
  it('the likeness is exactly the share of runs of five words for messages of usual length', () => {
    fc.assert(
      fc.property(words, messages, (line, earlier) => {
        const texts = earlier.map((one) => one.join(', '));
        expect(measured(line.join(' '), texts)).toBe(exact(line.join(' '), texts));
      }),
      { numRuns: 500 },
    );
  });

  it('a run of words is the same at any place of a message', () => {
    const run = 'the tide comes in at noon';
    expect(measured(run, [`Yesterday it was not so. ${run}.`])).toBe(1);
    expect(measured(`Yesterday it was not so. ${run}.`, [run])).toBe(
      exact(`Yesterday it was not so. ${run}.`, [run]),
    );
  });

  it('a message of five words is found in a message of which only a sample is kept', () => {
    const long = message(600, 0, 1);
    const parts = Array.from({ length: 100 }, (_, at) =>
      long
        .split(' ')
        .slice(at * 5, at * 5 + 5)
        .join(' '),
    );
    const found = parts.filter((text) => measured(text, [long]) === 1);
    expect(found.length).toBeGreaterThan(50);
    expect(found.length).toBeLessThan(100);
  });

  it('a message that says the same again and again has the fingerprint of its different runs', () => {
    const once = `${message(600, 0, 1)} `;
    const start = once.split(' ').slice(0, 4).join(' ');
    const fingerprint = { ...fingerprintOf(once + start) };
    expect(fingerprint.hashes).toHaveLength(maxRuns);
    expect(fingerprintOf(once.repeat(5) + start)).toEqual(fingerprint);
    expect(fingerprintOf(once.repeat(3) + start)).toEqual(fingerprint);
    const { hashes, below } = fingerprintOf('the tide comes in '.repeat(1_000));
    expect([hashes.length, hashes.buffer.byteLength, below]).toEqual([4, 16, 2 ** 32]);
  });

  it('a fingerprint is complete up to 512 runs, and then says below which hash it is', () => {
    const full = fingerprintOf(message(maxRuns + 4, 0, 1));
    expect([full.hashes.length, full.below]).toEqual([maxRuns, 2 ** 32]);
    const more = fingerprintOf(message(maxRuns + 5, 0, 1));
    const all = new Set([...full.hashes, ...more.hashes, more.below]);
    expect(more.hashes).toHaveLength(maxRuns);
    expect(all.size).toBe(maxRuns + 1);
    expect(more.below).toBe(Math.max(...all));
    const long = fingerprintOf(message(5_000, 0, 1));
    expect([long.hashes.length, long.hashes.buffer.byteLength]).toEqual([maxRuns, 4 * maxRuns]);
    expect(long.below).toBeGreaterThan(long.hashes.at(-1) as number);
  });

  it('the likeness of the longest messages is within 0.1 of the share, although only a sample is kept', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: maxRuns, max: 5_000 }),
        fc.integer({ min: maxRuns, max: 5_000 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (length, otherLength, changed, salt) => {
          const line = message(length, changed, salt);
          const other = message(otherLength, changed, salt + 1);
          expect(Math.abs(measured(line, [other]) - exact(line, [other]))).toBeLessThanOrEqual(0.1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a fingerprint is at most 2 KiB, whatever the message is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 4_000 }), fc.nat(40), (text, times) => {
        const { hashes } = fingerprintOf(text.repeat(times).slice(0, 32_000));
        expect(hashes.length).toBeLessThanOrEqual(maxRuns);
        expect(hashes.buffer.byteLength).toBeLessThanOrEqual(4 * maxRuns);
        expect([...hashes]).toEqual([...new Set(hashes)].sort((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });

  it('a short message is not compared with a part of one that is a hundred times as long', () => {
    const long = message(10_000, 0, 1);
    expect(measured(long.split(' ').slice(500, 530).join(' '), [long])).toBe(0);
    expect(measured(long, [long])).toBe(1);
  });

  const tea: Record<string, (n: number) => string> = {
    English: (n) =>
      `I hear you, and I still think that tea is better for a long and quiet morning at home. Point ${n}.`,
    Chinese: (n) => `我明白你的意思，但是我仍然认为茶才是更适合在家里度过漫长而安静的早晨的饮料。第${n}点。`,
    Japanese: (n) =>
      `おっしゃることは分かりますが、静かな朝を家で過ごすにはやはりお茶の方が良いと思います。その${n}。`,
    Thai: (n) => `ฉันเข้าใจคุณ แต่ฉันยังคิดว่าชาเป็นเครื่องดื่มที่ดีกว่าสำหรับเช้าที่เงียบสงบที่บ้าน ข้อ ${n}`,
    Korean: (n) =>
      `무슨 말씀인지 알겠지만 집에서 보내는 길고 조용한 아침에는 차가 더 좋은 음료라고 여전히 생각합니다 그리고 이것은 바뀌지 않습니다 ${n}번`,
    Arabic: (n) =>
      `أفهم ما تقول لكنني ما زلت أعتقد أن الشاي هو المشروب الأفضل لصباح طويل وهادئ في البيت نقطة ${n}`,
    Hebrew: (n) => `אני שומע אותך ועדיין חושב שתה הוא המשקה הטוב יותר לבוקר ארוך ושקט בבית נקודה ${n}`,
    Hindi: (n) => `मैं आपकी बात समझता हूँ लेकिन मुझे अब भी लगता है कि घर पर लंबी और शांत सुबह के लिए चाय बेहतर है बिंदु ${n}`,
  };
  it.each(Object.keys(tea))(
    'the likeness of two messages in %s that differ in one number is high',
    (language) => {
      const say = tea[language] as (n: number) => string;
      expect(measured(say(2), [say(1)])).toBeGreaterThan(0.7);
      expect(measured(say(2), [say(1)])).toBeLessThan(1);
      const others = Object.keys(tea).filter((one) => one !== language);
      expect(
        measured(
          say(2),
          others.map((one) => (tea[one] as (n: number) => string)(2)),
        ),
      ).toBe(0);
    },
  );
});
