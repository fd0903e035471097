/**
 * A shape is one definition of three things: a TypeScript type, a check of untrusted values, and a JSON
 * Schema. The wire is defined in shapes, so the three cannot drift apart.
 */
export interface Shape<T> {
  /** The problem of `value`, with its place; `undefined` when the value is valid. Never throws. */
  fault(value: unknown, path: string): string | undefined;
  /** The value with unknown fields left out. Only for values without a fault. */
  pick(value: T): T;
  readonly schema: JsonSchema;
}

type JsonSchema = { readonly [keyword: string]: unknown };
export type Static<S> = S extends Shape<infer T> ? T : never;

const whole = <T>(value: T): T => value;

export const text = (limits: { min?: number; max: number; pattern?: RegExp }): Shape<string> => ({
  fault(value, path) {
    if (typeof value !== 'string') return `${path} must be a string`;
    if (value.length > limits.max) return `${path} is longer than ${limits.max} characters`;
    if (value.length < (limits.min ?? 0)) return `${path} is shorter than ${limits.min} characters`;
    if (limits.pattern && !limits.pattern.test(value))
      return `${path} does not match ${limits.pattern.source}`;
    return undefined;
  },
  pick: whole,
  schema: {
    type: 'string',
    maxLength: limits.max,
    ...(limits.min !== undefined && { minLength: limits.min }),
    ...(limits.pattern && { pattern: limits.pattern.source }),
  },
});

export const integer = (min: number, max: number): Shape<number> => ({
  fault: (value, path) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `${path} must be an integer in ${min}..${max}`,
  pick: whole,
  schema: { type: 'integer', minimum: min, maximum: max },
});

export const number = (min: number, max: number): Shape<number> => ({
  fault: (value, path) =>
    typeof value === 'number' && value >= min && value <= max
      ? undefined
      : `${path} must be a number in ${min}..${max}`,
  pick: whole,
  schema: { type: 'number', minimum: min, maximum: max },
});

export const flag: Shape<boolean> = {
  fault: (value, path) => (typeof value === 'boolean' ? undefined : `${path} must be true or false`),
  pick: whole,
  schema: { type: 'boolean' },
};

export const oneOf = <const T extends string>(values: readonly T[]): Shape<T> => ({
  fault: (value, path) =>
    (values as readonly unknown[]).includes(value)
      ? undefined
      : `${path} must be one of ${values.join(', ')}`,
  pick: whole,
  schema: { enum: values },
});

export const list = <T>(item: Shape<T>, limits: { min?: number; max: number }): Shape<readonly T[]> => ({
  fault(value, path) {
    if (!Array.isArray(value)) return `${path} must be a list`;
    if (value.length > limits.max) return `${path} has more than ${limits.max} items`;
    if (value.length < (limits.min ?? 0)) return `${path} has fewer than ${limits.min} items`;
    for (let i = 0; i < value.length; i++) {
      const fault = item.fault(value[i], `${path}[${i}]`);
      if (fault) return fault;
    }
    return undefined;
  },
  pick: (value) => value.map(item.pick),
  schema: {
    type: 'array',
    items: item.schema,
    maxItems: limits.max,
    ...(limits.min && { minItems: limits.min }),
  },
});

/** An object used as a map: any keys, values of one shape. */
export const record = <T>(value: Shape<T>): Shape<{ readonly [key: string]: T }> => ({
  fault(map, path) {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return `${path} must be an object`;
    for (const [key, one] of Object.entries(map)) {
      const fault = value.fault(one, `${path}.${key}`);
      if (fault) return fault;
    }
    return undefined;
  },
  pick: (map) => Object.fromEntries(Object.entries(map).map(([key, one]) => [key, value.pick(one)])),
  schema: { type: 'object', additionalProperties: value.schema },
});

interface Optional<T> {
  readonly optional: Shape<T>;
}
export const optional = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape });

type Fields = { readonly [name: string]: Shape<unknown> | Optional<unknown> };
type Flat<T> = { [K in keyof T]: T[K] };
export type ObjectOf<F> = Flat<
  { readonly [K in keyof F as F[K] extends Shape<unknown> ? K : never]: Static<F[K]> } & {
    readonly [K in keyof F as F[K] extends Optional<unknown> ? K : never]?: F[K] extends Optional<infer T>
      ? T
      : never;
  }
>;

/** Unknown fields are ignored, so that a newer peer may send more (PROTOCOL.md §2). */
export const object = <const F extends Fields>(fields: F): Shape<ObjectOf<F>> => {
  const known = Object.entries(fields).map(([name, field]) =>
    'optional' in field
      ? { name, shape: field.optional, required: false }
      : { name, shape: field as Shape<unknown>, required: true },
  );
  return {
    fault(value, path) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return `${path} must be an object`;
      for (const { name, shape, required } of known) {
        const field: unknown = Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined;
        if (field === undefined) {
          if (required) return `${path}.${name} is missing`;
        } else {
          const fault = shape.fault(field, `${path}.${name}`);
          if (fault) return fault;
        }
      }
      return undefined;
    },
    pick(value) {
      const picked: Record<string, unknown> = {};
      for (const { name, shape } of known) {
        const field = (value as Record<string, unknown>)[name];
        if (field !== undefined && Object.hasOwn(value, name)) picked[name] = shape.pick(field);
      }
      return picked as ObjectOf<F>;
    },
    schema: {
      type: 'object',
      properties: Object.fromEntries(known.map(({ name, shape }) => [name, shape.schema])),
      required: known.filter(({ required }) => required).map(({ name }) => name),
    },
  };
};

export type Variants = { readonly [type: string]: Fields };
export type UnionOf<V> = { [T in keyof V & string]: Flat<{ readonly type: T } & ObjectOf<V[T]>> }[keyof V &
  string];

/** A union whose variants differ in the field `type`. */
export interface Union<T> extends Shape<T> {
  /** True when `type` names a variant of the union. */
  knows(type: unknown): boolean;
}

export const union = <const V extends Variants>(variants: V): Union<UnionOf<V>> => {
  const shapes = new Map(
    Object.entries(variants).map(([type, fields]) => [type, object({ type: oneOf([type]), ...fields })]),
  );
  const shapeOf = (value: unknown) =>
    typeof value === 'object' && value !== null ? shapes.get((value as { type: string }).type) : undefined;
  return {
    knows: (type) => shapes.has(type as string),
    fault: (value, path) => {
      const shape = shapeOf(value);
      return shape ? shape.fault(value, path) : `${path}.type is not one of ${[...shapes.keys()].join(', ')}`;
    },
    pick: (value) => (shapeOf(value) as Shape<typeof value>).pick(value),
    schema: { oneOf: [...shapes.values()].map((shape) => shape.schema) },
  };
};
