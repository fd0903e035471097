import { isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import type { Problems } from './problems.ts';

/**
 * One definition of three things: the TypeScript type of a value in a scenario file, the reader of its YAML, which reports every
 * problem with its place, and its JSON Schema.
 */
export interface Field<T> {
  /** `undefined` when there is a problem, which was reported. */
  read(node: Node | null | undefined, problems: Problems): T | undefined;
  readonly schema: JsonSchema;
}
export type JsonSchema = { readonly [keyword: string]: unknown };
export type Value<F> = F extends Field<infer T> ? T : never;

const scalarOf = (
  node: Node | null | undefined,
  problems: Problems,
  expected: string,
): Scalar | undefined => {
  const real = problems.resolve(node);
  if (isScalar(real) && real.value !== null) return real;
  problems.at(node, `expected ${expected}`);
  return undefined;
};

/** A number with or without its unit, read by `from`; in the file it may be a number or a text. */
export const measure = (
  expected: string,
  from: (text: string) => number | undefined,
  about: { min: number; max: number; schema: JsonSchema; whole?: boolean },
): Field<number> => ({
  read(node, problems) {
    const scalar = scalarOf(node, problems, expected);
    if (!scalar) return undefined;
    const { value } = scalar;
    const read = typeof value === 'number' || typeof value === 'string' ? from(String(value)) : undefined;
    if (read === undefined || (about.whole && !Number.isInteger(read))) {
      problems.at(node, `expected ${expected}, got ${JSON.stringify(value)}`);
      return undefined;
    }
    if (read >= about.min && read <= about.max) return read;
    problems.at(node, `expected ${expected} in ${about.min}..${about.max}, got ${JSON.stringify(value)}`);
    return undefined;
  },
  schema: about.schema,
});

export const text = (limits: {
  max: number;
  pattern?: RegExp;
  expected?: string;
  help?: string;
  /** Used only in the schema. `fault` checks it with a better message. */
  schemaPattern?: RegExp;
  /** The problem of a value; undefined when it is valid. */
  fault?: (value: string) => string | undefined;
  /** The value in the form of the result. */
  normal?: (value: string) => string;
}): Field<string> => {
  const expected = limits.expected ?? 'a text';
  return {
    read(node, problems) {
      const scalar = scalarOf(node, problems, expected);
      if (!scalar) return undefined;
      const { value } = scalar;
      // YAML reads a bare 42 as a number. As a text it is "42".
      const read = (typeof value === 'string' ? value : String(scalar.source ?? value)).trim();
      if (read === '') problems.at(node, `expected ${expected}, got an empty one`);
      else if (read.length > limits.max) problems.at(node, `longer than ${limits.max} characters`);
      else if (limits.pattern && !limits.pattern.test(read))
        problems.at(node, `expected ${expected}, got ${JSON.stringify(read)}`);
      else {
        const fault = limits.fault?.(read);
        if (fault === undefined) return limits.normal?.(read) ?? read;
        problems.at(node, fault);
      }
      return undefined;
    },
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: limits.max,
      ...((limits.pattern ?? limits.schemaPattern) && {
        pattern: (limits.pattern ?? limits.schemaPattern)?.source,
      }),
    },
  };
};

export const flag: Field<boolean> = {
  read(node, problems) {
    const value = scalarOf(node, problems, 'true or false')?.value;
    if (typeof value === 'boolean') return value;
    if (value !== undefined) problems.at(node, `expected true or false, got ${JSON.stringify(value)}`);
    return undefined;
  },
  schema: { type: 'boolean' },
};

export const oneOf = <const T extends string>(words: readonly T[]): Field<T> => ({
  read(node, problems) {
    const expected = `one of ${words.join(', ')}`;
    const scalar = scalarOf(node, problems, expected);
    if (!scalar) return undefined;
    const found = words.find((word) => word === scalar.value);
    if (found === undefined) {
      const meant = problems.nearest(String(scalar.value), words);
      problems.at(node, `expected ${expected}, got ${JSON.stringify(scalar.value)}${meant}`);
    }
    return found;
  },
  schema: { enum: words },
});

/** One of two forms; `fits` decides which. */
export const either = <A, B>(
  first: Field<A>,
  fits: (node: Node | null | undefined) => boolean,
  other: Field<B>,
): Field<A | B> => ({
  read: (node, problems) =>
    fits(problems.resolve(node)) ? first.read(node, problems) : other.read(node, problems),
  schema: { anyOf: [first.schema, other.schema] },
});

/** A list. A single item is read as a list of one. */
export const list = <T>(item: Field<T>, limits: { max: number; what: string }): Field<readonly T[]> => ({
  read(node, problems) {
    const real = problems.resolve(node);
    if (!isSeq(real)) {
      const only = item.read(node, problems);
      return only === undefined ? undefined : [only];
    }
    if (real.items.length > limits.max) problems.at(node, `more than ${limits.max} ${limits.what}`);
    const values = real.items.map((one) => item.read(one as Node, problems));
    return values.includes(undefined) ? undefined : (values as T[]);
  },
  schema: {
    anyOf: [item.schema, { type: 'array', items: item.schema, maxItems: limits.max }],
  },
});

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : String(key));

const mapOf = (node: Node | null | undefined, problems: Problems, expected: string): YAMLMap | undefined => {
  const real = problems.resolve(node);
  if (isMap(real)) return real;
  problems.at(node, `expected ${expected}`);
  return undefined;
};

/** An object with names as keys and values of one kind. */
export const mapping = <T>(
  value: Field<T>,
  about: {
    pattern: RegExp;
    /** The problem of a key; undefined when it is valid. */
    fault: (key: string) => string | undefined;
    normal: (key: string) => string;
    expected: string;
    min: number;
    max: number;
  },
): Field<ReadonlyMap<string, T>> => ({
  read(node, problems) {
    const map = mapOf(node, problems, about.expected);
    if (!map) return undefined;
    const read = new Map<string, T>();
    let whole = true;
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = about.normal(keyOf(pair));
      const fault = about.fault(key);
      if (fault !== undefined) problems.at(pair.key, `${JSON.stringify(key)}: ${fault}`);
      else if (read.has(key)) problems.at(pair.key, `${JSON.stringify(key)} is here twice`);
      const one = problems.within(key, () => value.read(pair.value, problems));
      if (one === undefined) whole = false;
      else read.set(key, one);
    }
    const { length } = map.items;
    if (length < about.min || length > about.max) {
      problems.at(node, `expected ${about.expected}, got ${length}`);
    }
    return whole ? read : undefined;
  },
  schema: {
    type: 'object',
    patternProperties: { [about.pattern.source]: value.schema },
    additionalProperties: false,
    minProperties: about.min,
    maxProperties: about.max,
  },
});

interface Member {
  readonly field: Field<unknown>;
  readonly help: string;
  readonly required?: boolean;
}
export const required = <T>(help: string, field: Field<T>) => ({ field, help, required: true }) as const;
export const optional = <T>(help: string, field: Field<T>) => ({ field, help, required: false }) as const;

type Members = { readonly [key: string]: Member };
type Flat<T> = { [K in keyof T]: T[K] };
type FieldOf<M> = M extends { readonly field: Field<infer T> } ? T : never;
export type RecordOf<M extends Members> = Flat<
  { readonly [K in keyof M as M[K]['required'] extends true ? K : never]: FieldOf<M[K]> } & {
    readonly [K in keyof M as M[K]['required'] extends true ? never : K]?: FieldOf<M[K]>;
  }
>;

/** An object with known keys, each with its field. An unknown key is a problem. */
export const record = <const M extends Members>(members: M): Field<RecordOf<M>> => {
  const names = Object.keys(members);
  return {
    read(node, problems) {
      // A key without a value is the same as an empty block.
      const empty = isScalar(node) && node.value === null;
      const map = empty ? undefined : mapOf(node, problems, `a block with ${names.join(', ')}`);
      if (!map && !empty) return undefined;
      const read: Record<string, unknown> = {};
      let whole = true;
      for (const pair of (map?.items ?? []) as Pair<Node, Node | null>[]) {
        const key = keyOf(pair);
        const member = Object.hasOwn(members, key) ? members[key] : undefined;
        if (!member) {
          problems.at(pair.key, `unknown key ${JSON.stringify(key)}${problems.nearest(key, names)}`);
          continue;
        }
        const one = problems.within(key, () => member.field.read(pair.value, problems));
        if (one === undefined) whole = false;
        else read[key] = one;
      }
      for (const [key, member] of Object.entries(members)) {
        if (!member.required || map?.has(key)) continue;
        problems.at(node, `${JSON.stringify(key)} is missing: ${member.help}`);
        whole = false;
      }
      return whole ? (read as RecordOf<M>) : undefined;
    },
    schema: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(members).map(([key, { field, help }]) => [
          key,
          { description: help, ...field.schema },
        ]),
      ),
      required: names.filter((key) => members[key]?.required),
      additionalProperties: false,
    },
  };
};

export const isBlock = (node: Node | null | undefined): boolean => isMap(node);
