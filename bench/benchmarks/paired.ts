import { bundled, root } from '../measure/built.ts';
import { type BuiltRouter, builtRouter } from '../measure/checkout.ts';
import { startRouter } from '../measure/parley.ts';
import type { Outcome } from '../measure/report.ts';
import { median, ratios } from '../measure/statistics.ts';
import { measureTurns } from './durable.ts';
import { type Options, progress } from './options.ts';
import { measurePlain, serverCore } from './plain.ts';

const conversations = 2_000;
/** A change may cost so much. */
const allowed = 1.03;

interface Question {
  readonly what: string;
  readonly unit: string;
  /** The CPU of the router for one turn or message. */
  readonly measure: (router: BuiltRouter) => Promise<number>;
}

const questions = async (): Promise<readonly Question[]> => {
  const agents = await bundled('load/durable-clients.ts');
  const clients = await bundled('load/plain-clients.ts');
  const turn: Question = {
    what: 'durable turn',
    unit: 'ms of CPU',
    measure: async ({ args }) => {
      const run = await measureTurns(agents, conversations, async () => [
        await startRouter({ ledger: 'sqlite', args }),
      ]);
      return run.cpuMsPerTurn;
    },
  };
  const message = (ledger: 'memory' | 'sqlite', shape: 'pairs' | 'mesh'): Question => ({
    what: `plain message, ${ledger}, ${shape}`,
    unit: 's of CPU for 100,000',
    measure: async ({ args }) => {
      const router = await startRouter({ ledger, args, core: serverCore });
      return (await measurePlain(clients, router, shape)).cpu;
    },
  });
  return [turn, message('memory', 'pairs'), message('sqlite', 'pairs'), message('memory', 'mesh')];
};

/**
 * The router of this checkout beside that of another one, in turn: what a change costs. The one that is measured first changes with
 * each round, because the machine may become slower or faster within a round. Without a base it is measured beside itself, which shows
 * how far the figures can be trusted.
 */
export const paired = async ({ rounds, base = root, only }: Options): Promise<Outcome> => {
  const routers = { this: builtRouter(root), base: builtRouter(base) };
  const asked = (await questions()).filter(({ what }) => what.includes(only ?? ''));
  const samples = asked.map((question) => ({ ...question, this: [] as number[], base: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const sample of samples) {
      for (const side of round % 2 === 0 ? (['base', 'this'] as const) : (['this', 'base'] as const))
        sample[side].push(await sample.measure(routers[side]));
      const [own, other] = [sample.this.at(-1) as number, sample.base.at(-1) as number];
      progress(
        `${sample.what}: ${own.toFixed(4)} and ${other.toFixed(4)} ${sample.unit}: ${(own / other).toFixed(3)}`,
      );
    }
  }
  return {
    figures: samples.flatMap(({ what, unit, ...sides }) => [
      { what: `${what}: this over base`, unit: 'ratio', samples: ratios(sides.this, sides.base) },
      { what: `${what}: this`, unit, samples: sides.this },
      { what: `${what}: base`, unit, samples: sides.base },
    ]),
    targets: samples.map(({ what, ...sides }) => ({
      claim: `router CPU of this commit over the base: ${what}`,
      measured: median(ratios(sides.this, sides.base)),
      atMost: allowed,
    })),
    remarks: [`This is ${routers.this.commit}, the base is ${routers.base.commit}.`],
  };
};
