import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  flag,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  type Static,
  text,
  union,
} from '../src/shape.ts';

const point = object({ x: integer(0, 9), label: optional(text({ max: 3 })) });

describe('a shape', () => {
  it.each([
    [text({ max: 3 }), 'abc', 'abcd', 'v is longer than 3 characters'],
    [text({ min: 2, max: 3 }), 'ab', 'a', 'v is shorter than 2 characters'],
    [text({ max: 9, pattern: /^a+$/ }), 'aa', 'ab', 'v does not match ^a+$'],
    [text({ max: 9 }), '', 1, 'v must be a string'],
    [integer(1, 3), 3, 4, 'v must be an integer in 1..3'],
    [integer(1, 3), 1, 1.5, 'v must be an integer in 1..3'],
    [integer(1, 3), 2, '2', 'v must be an integer in 1..3'],
    [number(0, 1), 0.5, Number.NaN, 'v must be a number in 0..1'],
    [flag, false, 0, 'v must be true or false'],
    [oneOf(['a', 'b']), 'a', 'c', 'v must be one of a, b'],
    [oneOf(['a']), 'a', ['a'], 'v must be one of a'],
    [list(flag, { max: 1 }), [true], [true, true], 'v has more than 1 items'],
    [list(flag, { min: 1, max: 1 }), [true], [], 'v has fewer than 1 items'],
    [list(flag, { max: 1 }), [], { length: 0 }, 'v must be a list'],
    [list(flag, { max: 2 }), [], [true, 1], 'v[1] must be true or false'],
    [point, { x: 1 }, { label: 'a' }, 'v.x is missing'],
    [point, { x: 1, label: 'a' }, { x: 1, label: 'abcd' }, 'v.label is longer than 3 characters'],
    [point, { x: 1, y: 2 }, [], 'v must be an object'],
    [point, { x: 1 }, null, 'v must be an object'],
    [object({}), {}, 'text', 'v must be an object'],
  ])('a shape accepts %2$j and says of %3$j: %4$s', (shape, good, wrong, fault) => {
    expect(shape.fault(good, 'v')).toBeUndefined();
    expect(shape.fault(wrong, 'v')).toBe(fault);
  });

  it('a shape picks its named fields at every level, and adds no missing ones', () => {
    const shape = object({ points: list(point, { max: 9 }) });
    const picked = shape.pick({
      points: [
        { x: 1, secret: 1 },
        { x: 2, label: 'b' },
      ],
    } as never);
    expect(picked).toStrictEqual({ points: [{ x: 1 }, { x: 2, label: 'b' }] });
  });

  it('a shape never takes a field from the prototype, nor writes one there', () => {
    const hostile = JSON.parse('{"x":1,"__proto__":{"label":"p"}}');
    expect(point.pick(hostile)).toStrictEqual({ x: 1 });
    expect(({} as { label?: string }).label).toBeUndefined();
  });

  it('a shape is a TypeScript type as well', () => {
    expectTypeOf<Static<typeof point>>().toEqualTypeOf<{ readonly x: number; readonly label?: string }>();
  });
});

describe('a union', () => {
  const shapes = union({ circle: { radius: integer(0, 9) }, dot: {} });

  it('a union distinguishes its variants by their type', () => {
    expect(shapes.fault({ type: 'dot' }, 'v')).toBeUndefined();
    expect(shapes.fault({ type: 'circle' }, 'v')).toBe('v.radius is missing');
    expect(shapes.fault({ type: 'square' }, 'v')).toBe('v.type is not one of circle, dot');
  });

  it('a union knows only its own types, not the properties of every object', () => {
    expect(['dot', 'toString', 'constructor', undefined, 0].map((type) => shapes.knows(type))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
