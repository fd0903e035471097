import { clientFrame, decodeClientFrame, decodePlainFrame, plainClientSchema } from '@parley/protocol';
import { type Case, type Dialect, faultCase } from './case.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minItems?: number;
}

/** A value that the schema takes. */
const sample = (schema: Schema): unknown => {
  if (schema.oneOf?.[0]) return sample(schema.oneOf[0]);
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object')
    return Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([key, one]) => [key, sample(one)]),
    );
  if (schema.type === 'array') return schema.items ? [sample(schema.items)] : [];
  if (schema.type === 'boolean') return true;
  return schema.type === 'string' ? 'c0' : Math.max(1, schema.minimum ?? 1);
};

/** One of every kind, and the edges. Those that a field happens to take are left out. */
const wrong: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  'a negative number': -1,
  'a fraction': 0.5,
  'a huge number': 1e300,
  'a number past 2^53': 2 ** 53,
  'an empty string': '',
  'a string of digits': '7',
  'a name with a space': 'a b',
  'a name that every object has': '__proto__',
  'a control character': '\u0000',
  'a lone surrogate': '\ud800',
  'a string of 100,000': 'x'.repeat(100_000),
  'an empty list': [],
  'a list of null': [null],
  'a list of lists': [[[]]],
  'a list of 2,000 names': Array.from({ length: 2_000 }, (_, i) => `n${i}`),
  'an empty object': {},
  'an object with length': { length: 1, 0: 'x' },
  'an object with toString': { toString: null, valueOf: 7 },
};

/** Every place in a sample of the schema: the frame with that place holding something else. */
function* places(schema: Schema, value: unknown, path: readonly string[]): Generator<readonly string[]> {
  if (schema.type === 'array' && schema.items) {
    yield* places(schema.items, (value as unknown[])[0], [...path, '0']);
    return;
  }
  for (const [key, one] of Object.entries(schema.properties ?? {})) {
    yield [...path, key];
    yield* places(one, (value as Record<string, unknown>)[key], [...path, key]);
  }
}

const placed = (value: unknown, [key, ...rest]: readonly string[], inserted: unknown): unknown => {
  if (key === undefined) return inserted;
  if (Array.isArray(value))
    return value.map((one, i) => (String(i) === key ? placed(one, rest, inserted) : one));
  const object = value as Record<string, unknown>;
  return { ...object, [key]: placed(object[key], rest, inserted) };
};

const casesOf = (dialect: Dialect, schema: Schema): Case[] => {
  const frame = sample(schema) as { type?: string };
  const cases: Case[] = [];
  for (const path of places(schema, frame, [])) {
    for (const [kind, inserted] of Object.entries(wrong)) {
      const payload = JSON.stringify(placed(frame, path, inserted));
      const decoded = dialect === 'plain' ? decodePlainFrame(payload) : decodeClientFrame(payload);
      if (decoded.ok) continue;
      cases.push(
        faultCase(
          `${frame.type ?? 'a line'} with ${path.join('.')}: ${kind}`,
          payload,
          decoded.code,
          dialect,
        ),
      );
    }
  }
  return cases;
};

/** Every field of every frame with a value of every wrong kind, from the shapes themselves. */
export const fieldCases: readonly Case[] = [
  ...(plainClientSchema.oneOf as readonly Schema[]).flatMap((schema) => casesOf('plain', schema)),
  ...((clientFrame.schema as Schema).oneOf ?? []).flatMap((schema) => casesOf('v1', schema)),
];
