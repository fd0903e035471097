import { describe, expect, it } from 'vitest';
import { closings, isFailure, passReasons, refusals, returnRule } from '../src/index.ts';

describe('a close code', () => {
  it.each([
    [4000, 'never'],
    [4010, 'never'],
    [4099, 'never'],
    [4100, 'back-off'],
    [4103, 'back-off'],
    [4200, 'at-once'],
    [4299, 'at-once'],
    [4300, 'back-off'],
    [1000, 'back-off'],
    [1006, 'back-off'],
    [1012, 'back-off'],
    [3999, 'back-off'],
  ])('the close code %i tells the client to reconnect: %s', (code, rule) => {
    expect(returnRule(code)).toBe(rule);
  });

  it('a close code has one reason, which fits into a close frame', () => {
    const codes = Object.values(closings).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const { reason } of Object.values(closings))
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });
});

describe('the words of the wire', () => {
  it('the words of the wire are kebab-case', () => {
    for (const word of [...Object.keys(closings), ...Object.keys(refusals), ...passReasons])
      expect(word).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('the words of the wire distinguish a failure from a choice', () => {
    expect(passReasons.filter((reason) => !isFailure(reason))).toEqual(['nothing-to-say', 'declined']);
  });
});
