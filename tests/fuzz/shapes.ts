import { clientFrame, controlBodies, plainClientSchema } from '@parley/protocol';
import fc from 'fast-check';
import { almostValid, valid } from '../../packages/protocol/test/frame-arbitraries.ts';
import type { Random } from './random.ts';

const perDraw = 50;

/** Values of an arbitrary one after the other, drawn anew from the same random numbers when they are used up. */
const drawing = <T>(arbitrary: fc.Arbitrary<T>) => {
  const kept = new WeakMap<Random, T[]>();
  return (random: Random): T => {
    const values = kept.get(random) ?? [];
    if (values.length === 0)
      values.push(...fc.sample(arbitrary, { seed: random.below(2 ** 31), numRuns: perDraw }));
    kept.set(random, values);
    return values.pop() as T;
  };
};

type Schema = Parameters<typeof valid>[0];
const either = (schema: unknown) => drawing(fc.oneof(valid(schema as Schema), almostValid(schema as Schema)));

/** Frames of the two dialects, right or right but for one place. */
export const v1Frame = either(clientFrame.schema);
export const plainFrame = either(plainClientSchema);

const bodies = Object.fromEntries(
  Object.entries(controlBodies).map(([action, { schema }]) => [action, either(schema)]),
);
export const actions = Object.keys(controlBodies);
/** A body of what an operator asks for. */
export const controlBody = (action: string, random: Random): unknown => bodies[action]?.(random);

/** A text that says nothing, of some length and of characters that cost more than they look. */
export const oddText = (random: Random): string =>
  random
    .of(['hello', '\u0001', '"\\', '😀', '\ud800', '@ada @ben ', 'DONE\n', '<think>', '\u202e', '[', 'é'])
    .repeat(1 + Math.floor(random.next() ** 6 * 8_000))
    .slice(0, 32_000);

/** JSON that is no frame: deep, broken or large. */
export const oddJson = (random: Random): string => {
  const depth = random.of([10, 33, 1_000, 60_000]);
  return random.of([
    `{"type":"say","x":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    '['.repeat(depth),
    `{"a":`.repeat(depth),
    '"'.padEnd(random.below(300_000), 'x'),
    '{"type":"say","type":"open","__proto__":{"type":"ping"}}',
    'null',
    '',
  ]);
};
