import { decodeClientFrame, decodePlainFrame } from '@parley/protocol';
import { type Case, type Dialect, faultCase } from './case.ts';

const deep = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

/** Texts that are no frame, or one that tries something. */
const payloads: Readonly<Record<string, string>> = {
  'arrays 32,000 deep': deep(32_000, '[', ']'),
  'arrays 120,000 deep': deep(120_000, '[', ']'),
  'objects 32,000 deep': deep(32_000, '{"a":', '').replace(/$/, '1') + '}'.repeat(32_000),
  'an unfinished array 32,000 deep': '['.repeat(32_000),
  'a ping that carries arrays 32,000 deep': `{"type":"ping","x":${deep(32_000, '[', ']')}}`,
  'a line whose text is 32,000 deep': `{"target":"bob","text":${deep(32_000, '[', ']')}}`,
  'a register whose name is 32,000 deep': `{"type":"register","name":${deep(32_000, '[', ']')}}`,
  'a number of 100,000 digits': '9'.repeat(100_000),
  'a ping with a number of 100,000 digits': `{"type":"ping","x":${'9'.repeat(100_000)}}`,
  'a ping with 1e400': '{"type":"ping","x":1e400}',
  'a key of 100,000 characters': `{"${'k'.repeat(100_000)}":1}`,
  '20,000 keys': `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":${i}`).join()}}`,
  'the same key twice': '{"type":"register","type":"ping"}',
  'a type that is __proto__': '{"type":"__proto__"}',
  'a type that is constructor': '{"type":"constructor"}',
  'a type that is toString': '{"type":"toString"}',
  'a type that is hasOwnProperty': '{"type":"hasOwnProperty"}',
  'a __proto__ with a type': '{"__proto__":{"type":"ping"}}',
  'a __proto__ that would be a line': '{"__proto__":{"target":"bob","text":"hi"}}',
  'a constructor with a prototype': '{"type":"ping","constructor":{"prototype":{"polluted":true}}}',
  'a target that is __proto__': '{"target":"__proto__","text":"hi"}',
  'a name that holds __proto__': '{"type":"register","name":{"__proto__":"bob"}}',
  'a type of null': '{"type":null}',
  'a type of a list': '{"type":["ping"]}',
  'a type of an object': '{"type":{"toString":"ping"}}',
  'a byte order mark': '\ufeff{"type":"ping"}',
  'a NUL': '\u0000',
  'NULs around a frame': '\u0000{"type":"ping"}\u0000',
  'two frames in one': '{"type":"ping"}{"type":"ping"}',
  'a comment': '{"type":"ping"/* x */}',
  'single quotes': "{'type':'ping'}",
  'a trailing comma': '{"type":"ping",}',
  NaN: 'NaN',
  Infinity: '{"type":Infinity}',
  undefined: 'undefined',
  'an empty text': '',
  'only white space': ' \n\t ',
  'only a string': '"ping"',
  'only a number': '-0',
  'only true': 'true',
  'a lone surrogate in a key': '{"\\ud800":1,"type":"ping"}',
  'a lone surrogate as the type': '{"type":"\\ud800"}',
  'a bad escape': '{"type":"\\x"}',
  'a raw line end in a string': '{"type":"a\nb"}',
  'a web page': '<!doctype html><script>alert(1)</script>',
  'an SQL statement': "'; DROP TABLE entries; --",
  '250,000 spaces before a frame': `${' '.repeat(250_000)}{"type":"ping"}`,
};

/** The shapes say what is wrong with a text; the router must agree, say so once, and go on. */
const judged = (dialect: Dialect, payload: string): string | undefined => {
  const decoded = dialect === 'plain' ? decodePlainFrame(payload) : decodeClientFrame(payload);
  return decoded.ok ? undefined : decoded.code;
};

export const payloadCases: readonly Case[] = (['plain', 'v1'] as const).flatMap((dialect) =>
  Object.entries(payloads).map(([title, payload]) =>
    faultCase(title, payload, judged(dialect, payload), dialect),
  ),
);
