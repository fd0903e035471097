import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clientFrame,
  decodeClientFrame,
  decodePlainFrame,
  decodeRouterFrame,
  maxFrameBytes,
  maxTextLength,
  plainClientSchema,
  routerFrame,
} from '../src/index.ts';
import { almostValid, valid } from './frame-arbitraries.ts';
import { matches } from './schema-check.ts';

const runs = { numRuns: 500 };
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

const hostile: readonly [title: string, raw: string, code: string, problem: RegExp][] = [
  ['nothing', '', 'bad-frame', /not JSON/],
  ['half a frame', '{"type":"ping"', 'bad-frame', /not JSON/],
  ['two frames in one', '{"type":"ping"}{"type":"ping"}', 'bad-frame', /not JSON/],
  ['a byte order mark', '\ufeff{"type":"ping"}', 'bad-frame', /not JSON/],
  ['NaN', 'NaN', 'bad-frame', /not JSON/],
  ['null', 'null', 'bad-frame', /type/],
  ['a number', '7', 'bad-frame', /type/],
  ['a string', '"ping"', 'bad-frame', /type/],
  ['a list', '[{"type":"ping"}]', 'bad-frame', /type/],
  ['an empty object', '{}', 'bad-frame', /type/],
  ['a type that is a number', '{"type":1}', 'bad-frame', /type/],
  ['a type that is a list', '{"type":["ping"]}', 'bad-frame', /type/],
  ['an unknown type', '{"type":"shout"}', 'unknown-type', /type/],
  ['a type that every object has', '{"type":"constructor"}', 'unknown-type', /type/],
  ['the type __proto__', '{"type":"__proto__"}', 'unknown-type', /type/],
  ['a type in capitals', '{"type":"PING"}', 'unknown-type', /type/],
  ['a field that is missing', '{"type":"register"}', 'bad-frame', /frame\.name is missing/],
  [
    'a field that only its prototype has',
    '{"type":"register","__proto__":{"name":"eve"}}',
    'bad-frame',
    /frame\.name is missing/,
  ],
  ['a field that is null', '{"type":"register","name":null}', 'bad-frame', /frame\.name must be a string/],
  ['an empty name', '{"type":"open","ref":"r","members":[""]}', 'bad-frame', /frame\.members\[0\]/],
  ['a name with a space', '{"type":"open","ref":"r","members":["a b"]}', 'bad-frame', /frame\.members\[0\]/],
  [
    'a name with a line break at its end',
    '{"type":"open","ref":"r","members":["a\\n"]}',
    'bad-frame',
    /frame\.members\[0\]/,
  ],
  [
    'a name of 65 characters',
    `{"type":"open","ref":"r","members":["${'a'.repeat(65)}"]}`,
    'bad-frame',
    /frame\.members\[0\]/,
  ],
  [
    'the name __proto__',
    '{"type":"open","ref":"r","members":["__proto__"]}',
    'bad-frame',
    /frame\.members\[0\]/,
  ],
  [
    'a capacity of nothing',
    '{"type":"register","name":"a","capacity":0}',
    'bad-frame',
    /frame\.capacity must be an integer/,
  ],
  [
    'half a capacity',
    '{"type":"register","name":"a","capacity":1.5}',
    'bad-frame',
    /frame\.capacity must be an integer/,
  ],
  [
    'a number beyond all numbers',
    '{"type":"history","conversation":"c","since":1e999}',
    'bad-frame',
    /frame\.since must be an integer/,
  ],
  [
    'a wrong item deep inside',
    '{"type":"register","name":"a","working":[{"conversation":"c","turn":1},{"conversation":"c"}]}',
    'bad-frame',
    /frame\.working\[1\]\.turn is missing/,
  ],
  [
    'a list that is an object',
    '{"type":"open","ref":"r","members":{"length":1}}',
    'bad-frame',
    /frame\.members must be a list/,
  ],
  [
    'too many members',
    JSON.stringify({ type: 'open', ref: 'r', members: Array.from({ length: 257 }, (_, i) => `m${i}`) }),
    'bad-frame',
    /more than 256 items/,
  ],
  ['no text', '{"type":"say","conversation":"c","text":""}', 'bad-frame', /frame\.text/],
  [
    'a text that is too long',
    JSON.stringify({ type: 'say', conversation: 'c', text: 'x'.repeat(maxTextLength + 1) }),
    'bad-frame',
    /frame\.text is longer/,
  ],
  [
    'a reason that is not in the set',
    '{"type":"pass","conversation":"c","turn":1,"reason":"bored"}',
    'bad-frame',
    /frame\.reason must be one of/,
  ],
  ['a frame over the limit', `"${'x'.repeat(maxFrameBytes)}"`, 'too-large', /too large/],
  ['lists 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'bad-frame', /./],
];

describe('decodeClientFrame', () => {
  it.each(hostile)('decodePlainFrame refuses %s', (_title, raw, code, problem) => {
    const decoded = decodeClientFrame(raw);
    expect(decoded).toMatchObject({ ok: false, code });
    expect(decoded.ok ? '' : decoded.problem).toMatch(problem);
  });

  it('decodeClientFrame names the turn of an invalid answer, so that its sender can give the turn back', () => {
    const say = { type: 'say', conversation: 'c1', turn: 4, text: '' };
    expect(decodeClientFrame(JSON.stringify(say))).toMatchObject({
      code: 'bad-frame',
      about: { conversation: 'c1', turn: 4 },
    });
    const strange = { ...say, conversation: 'no id', turn: -1, ref: 7 };
    expect(decodeClientFrame(JSON.stringify(strange))).toMatchObject({ code: 'bad-frame', about: {} });
  });

  it('decodeClientFrame never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (raw) => {
        expect(typeof decodeClientFrame(raw).ok).toBe('boolean');
        expect(typeof decodeRouterFrame(raw).ok).toBe('boolean');
        expect(typeof decodePlainFrame(raw).ok).toBe('boolean');
      }),
      runs,
    );
  });

  it('decodeClientFrame names the place of a fault in a message that fits into a refusal', () => {
    fc.assert(
      fc.property(almostValid(clientFrame.schema), (value) => {
        const decoded = decodeClientFrame(JSON.stringify(value));
        if (!decoded.ok) expect(decoded.problem).toMatch(/^frame.{0,900}$/s);
      }),
      runs,
    );
  });

  it('decodeClientFrame accepts a text of the maximum length even when every character takes six bytes', () => {
    const raw = `{"type":"say","conversation":"c","text":"${'\\u0001'.repeat(maxTextLength)}"}`;
    expect(decodeClientFrame(raw).ok).toBe(true);
  });
});

describe.each([
  ['client', clientFrame, decodeClientFrame],
  ['router', routerFrame, decodeRouterFrame],
] as const)('a %s frame', (_who, frames, decode) => {
  it('a frame is decoded to an equal frame after it was encoded', () => {
    fc.assert(
      fc.property(valid(frames.schema), (frame) => {
        expect(decode(JSON.stringify(frame))).toEqual({ ok: true, frame });
      }),
      runs,
    );
  });

  it('a decoded frame loses unknown fields, and nothing else', () => {
    fc.assert(
      fc.property(valid(frames.schema), fc.jsonValue({ maxDepth: 1 }), (frame, extra) => {
        const raw = JSON.stringify({ ...(frame as object), 'from-the-future': extra });
        expect(decode(raw)).toEqual({ ok: true, frame });
      }),
      runs,
    );
  });

  it('the codec refuses a frame exactly when the published JSON Schema refuses it', () => {
    fc.assert(
      fc.property(almostValid(frames.schema), (value) => {
        const raw = JSON.stringify(value);
        expect(decode(raw).ok).toBe(matches(frames.schema, JSON.parse(raw)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('decodePlainFrame', () => {
  it.each([
    ['{"type":"register","name":"alice"}', { type: 'register', name: 'alice' }],
    ['{"target":"bob","text":"hi"}', { type: 'send', target: 'bob', text: 'hi' }],
    ['{"type":"ping"}', { type: 'ping' }],
    ['{"target":"bob","text":"hi","mood":"good"}', { type: 'send', target: 'bob', text: 'hi' }],
    // Which names are refused is for the router to say: the answer is name-refused, not bad-frame.
    ['{"type":"register","name":"no spaces please"}', { type: 'register', name: 'no spaces please' }],
  ])('decodePlainFrame reads %s', (raw, frame) => {
    expect(decodePlainFrame(raw)).toEqual({ ok: true, frame });
  });

  it.each([
    ['{"type":"register"}', 'bad-frame', /frame\.name is missing/],
    ['{"type":"register","name":7}', 'bad-frame', /frame\.name must be a string/],
    ['{"type":"open"}', 'unknown-type', /register, pass, leave, ping/],
    ['{"type":null}', 'unknown-type', /register, pass, leave, ping/],
    ['{"text":"hi"}', 'bad-frame', /frame\.target is missing/],
    ['{"target":"bob"}', 'bad-frame', /frame\.text is missing/],
    ['{"target":"b o b","text":"hi"}', 'bad-frame', /frame\.target/],
    ['{"target":"bob","text":""}', 'bad-frame', /frame\.text/],
    ['{}', 'bad-frame', /frame\.target is missing/],
    ['null', 'bad-frame', /must be an object/],
    ['[]', 'bad-frame', /must be an object/],
    ['hi', 'bad-frame', /not JSON/],
  ])('decodePlainFrame refuses %s', (raw, code, problem) => {
    const decoded = decodePlainFrame(raw);
    expect(decoded).toMatchObject({ ok: false, code });
    expect(decoded.ok ? '' : decoded.problem).toMatch(problem);
  });

  it('decodePlainFrame refuses a frame over the limit', () => {
    expect(decodePlainFrame(`"${'x'.repeat(maxFrameBytes)}"`)).toMatchObject({
      ok: false,
      code: 'too-large',
    });
  });

  it('decodePlainFrame agrees with the published JSON Schema', () => {
    const fields = fc.record(
      {
        type: fc.constantFrom<unknown>('register', 'ping', 'pass', 'leave', 'open', null, 1),
        name: fc.constantFrom<unknown>('alice', '', 7, null),
        target: fc.constantFrom<unknown>('bob', 'b o b', '', 7, null),
        text: fc.constantFrom<unknown>('hi', '', 7, null),
        conversation: fc.constantFrom<unknown>('c1', '', 7, null),
        done: fc.constantFrom<unknown>(true, 'yes', null),
        ack: fc.constantFrom<unknown>(true, 1),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (value) => {
        const decoded = decodePlainFrame(JSON.stringify(value));
        expect(decoded.ok).toBe(isObject(value) && matches(plainClientSchema, value));
      }),
      runs,
    );
  });
});
