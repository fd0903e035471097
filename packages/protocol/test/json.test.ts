import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeClientFrame,
  decodePlainFrame,
  decodeRouterFrame,
  isDeeperThan,
  maxJsonDepth,
  parseJson,
} from '../src/index.ts';

/** How deep lists and objects stand in each other, by walking through the value. */
const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe('JSON from outside', () => {
  it('the nesting of JSON is that of its value, whatever its texts contain', () => {
    const brackets = fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', 'a') });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        brackets,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(brackets, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const json = JSON.stringify(value);
        const depth = depthOf(value);
        expect(isDeeperThan(depth, json)).toBe(false);
        if (depth > 0) expect(isDeeperThan(depth - 1, json)).toBe(true);
        if (depth <= maxJsonDepth) expect(parseJson(json)).toEqual({ ok: true, value });
      }),
    );
  });

  it('JSON that is nested too deep is refused before it is parsed, as a frame of either dialect and as a grant', () => {
    const deep = `{"type":"ping","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(parseJson(deep)).toEqual({ ok: false, problem: `is nested more than ${maxJsonDepth} deep` });
    for (const decode of [decodeClientFrame, decodePlainFrame, decodeRouterFrame])
      expect(decode(deep)).toMatchObject({
        ok: false,
        code: 'bad-frame',
        problem: expect.stringMatching(/nested/),
      });
  });

  it('JSON that never ends a text or a list is refused without an error', () => {
    for (const text of ['"', '"\\', '[', '[[[', ']]]', '{"a":"', '\\', ''])
      expect(parseJson(text)).toEqual({ ok: false, problem: 'is not JSON' });
  });
});

describe('the usage that a peer tells', () => {
  const say = (usage: unknown) =>
    decodeClientFrame(JSON.stringify({ type: 'say', conversation: 'c1', turn: 1, text: 'hi', usage })).ok;

  it.each([-1, 1.5, null, '7', 1e9 + 1, Number.MAX_SAFE_INTEGER, 1e300])(
    'the usage of a peer is refused when its tokens are %s',
    (tokens) => {
      expect(say({ inputTokens: tokens, outputTokens: 1 })).toBe(false);
      expect(say({ inputTokens: 1, outputTokens: tokens })).toBe(false);
    },
  );

  it('the usage of a peer is accepted up to a billion tokens', () => {
    expect(say({ inputTokens: 1e9, outputTokens: 0 })).toBe(true);
  });
});
