import fc from 'fast-check';
import { idPattern } from '../src/limits.ts';

type Schema = { readonly [keyword: string]: unknown };

const nameLike = fc.stringMatching(idPattern);
/** A pattern of one length is generated from itself; names and ids are generated as ids, which are names as well. */
const matching = (pattern: string, { minLength }: Schema): fc.Arbitrary<string> =>
  minLength === undefined ? fc.stringMatching(new RegExp(pattern)) : nameLike;

/** Values that a schema allows: small ones, so that a failure is readable. */
export const valid = (schema: Schema): fc.Arbitrary<unknown> => {
  if (schema.oneOf) return fc.oneof(...(schema.oneOf as Schema[]).map(valid));
  if (schema.enum) return fc.constantFrom(...(schema.enum as unknown[]));
  if ('const' in schema) return fc.constant(schema.const);
  switch (schema.type) {
    case 'string':
      return schema.pattern
        ? matching(schema.pattern as string, schema)
        : fc.string({
            minLength: (schema.minLength as number | undefined) ?? 0,
            maxLength: Math.min(12, schema.maxLength as number),
            unit: 'grapheme-ascii',
          });
    case 'integer':
      return fc.integer({ min: schema.minimum as number, max: schema.maximum as number });
    case 'number':
      return fc
        .double({ min: schema.minimum as number, max: schema.maximum as number, noNaN: true })
        .map((value) => value + 0);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valid(schema.items as Schema), {
        minLength: (schema.minItems as number | undefined) ?? 0,
        maxLength: Math.min(3, schema.maxItems as number),
      });
    default:
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties as Record<string, Schema>).map(([name, one]) => [
            name,
            valid(one),
          ]),
        ),
        { requiredKeys: schema.required as string[] },
      );
  }
};

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0.5, 1e308, '', 'x'.repeat(33_000), [], {}, [null], '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Every place in a JSON value, as the path of keys that leads there. */
const places = (value: unknown, path: string[] = []): string[][] =>
  typeof value === 'object' && value !== null
    ? [path, ...Object.entries(value).flatMap(([key, one]) => places(one, [...path, key]))]
    : [path];

const put = (value: unknown, [key, ...rest]: string[], odd: unknown): unknown => {
  if (key === undefined) return odd;
  if (Array.isArray(value)) return value.map((one, i) => (String(i) === key ? put(one, rest, odd) : one));
  return { ...(value as object), [key]: put((value as Record<string, unknown>)[key], rest, odd) };
};

const drop = (value: unknown, [key, ...rest]: string[]): unknown => {
  if (key === undefined || typeof value !== 'object' || value === null) return value;
  if (rest.length > 0) return put(value, [key], drop((value as Record<string, unknown>)[key], rest));
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
};

/** A frame that was right until one place of it was replaced by something odd, or left out. */
export const almostValid = (schema: Schema): fc.Arbitrary<unknown> =>
  fc.tuple(valid(schema), fc.nat(), fc.option(oddValue)).map(([value, pick, odd]) => {
    const all = places(value);
    const place = all[pick % all.length]!;
    return odd === null ? drop(value, place) : put(value, place, odd);
  });
