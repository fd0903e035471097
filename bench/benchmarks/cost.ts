import type { CostResult } from '../load/cost.ts';
import { bundled } from '../measure/built.ts';
import { startChild } from '../measure/child.ts';
import type { Figure, Outcome, Target } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

/**
 * The allowed ratio of the costs of a unit, large to small: memory and caches cost more with size, but a quadratic cost exceeds
 * it.
 */
const atMost = 2;

/** Whether work that a peer can cause has linear cost: the cost of a unit, large to small. */
export const cost = async ({ rounds }: Options): Promise<Outcome> => {
  const program = await bundled('load/cost.ts');
  const samples = new Map<string, CostResult[]>();
  for (let round = 0; round < rounds; round++) {
    const child = startChild({ args: [program] });
    for (const one of await child.message<CostResult[]>()) {
      samples.set(one.what, [...(samples.get(one.what) ?? []), one]);
      progress(`${one.what}: ${one.costs.map((value) => value.toPrecision(3)).join(' and ')} ${one.unit}`);
    }
    await child.stop();
  }
  const figures: Figure[] = [];
  const targets: Target[] = [];
  for (const [what, results] of samples) {
    const [{ sizes, unit }] = results as [CostResult, ...CostResult[]];
    for (const index of [0, 1] as const)
      figures.push({
        what: `${what}: ${sizes[index]}`,
        unit,
        samples: results.map(({ costs }) => costs[index]),
      });
    const ratios = results.map(({ costs: [small, large] }) => large / sizes[1] / (small / sizes[0]));
    figures.push({ what: `${what}: a unit, large over small`, unit: 'ratio', samples: ratios });
    targets.push({
      claim: `${what}: a unit of ${sizes[1]} over one of ${sizes[0]}`,
      measured: median(ratios),
      atMost,
    });
  }
  return { figures, targets };
};
