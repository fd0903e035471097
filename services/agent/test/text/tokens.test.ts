import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../src/text/tokens.ts';

describe('an estimate of tokens', () => {
  it.each([
    ['English', 'The ship is the same as long as it sails.', 8, 14],
    ['Chinese', '船只要还在航行就还是同一艘船。', 12, 18],
    ['Japanese', '船は航行する限り同じ船です。', 12, 18],
    ['Korean', '배는 항해하는 한 같은 배입니다.', 12, 20],
    ['Arabic', 'السفينة هي نفسها ما دامت تبحر.', 8, 20],
    ['Hebrew', 'הספינה היא אותה ספינה כל עוד היא מפליגה.', 10, 24],
    ['Thai', 'เรือยังเป็นเรือลำเดิมตราบที่ยังแล่น', 15, 40],
    ['Russian', 'Корабль остаётся тем же, пока он плывёт.', 10, 22],
  ])('an estimate of tokens is near the number of a real vocabulary: %s', (_language, text, least, most) => {
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(least);
    expect(estimateTokens(text)).toBeLessThanOrEqual(most);
  });
});
