import { UsageError } from '../arguments.ts';
import { readChange } from '../scenario/changes.ts';
import type { Change } from '../scenario/read-scenario.ts';

/** One run of a batch: its name and the changes of its scenario. */
export interface Cell {
  readonly name: string;
  readonly changes: readonly Change[];
}

/** One axis of the matrix: `cast.bob.model=a,b`. */
export const readAxis = (raw: string): readonly Change[] => {
  const { path, value } = readChange('vary', raw);
  const values = value.split(',').map((one) => one.trim());
  if (values.some((one) => one === '') || new Set(values).size < values.length) {
    throw new UsageError(`--vary: expected different values with commas between, got ${JSON.stringify(raw)}`);
  }
  return values.map((one) => ({ path, value: one }));
};

/** Every combination of the axes, `runs` times with different seeds, in the order in which they run. */
export const cellsOf = (runs: number, firstSeed: number, axes: readonly (readonly Change[])[]): Cell[] => {
  const seeds = Array.from({ length: runs }, (_, run) => ({
    path: ['seed'],
    value: String(firstSeed + run),
  }));
  const combinations = [...axes, seeds].reduce<Change[][]>(
    (all, axis) => all.flatMap((before) => axis.map((change) => [...before, change])),
    [[]],
  );
  return combinations.map((changes) => ({
    name: changes.map(({ path, value }) => `${path.join('.')}=${value}`).join(' '),
    changes,
  }));
};
