import type { LedgerResult } from '../load/ledger-appends.ts';
import { bundled } from '../measure/built.ts';
import { startChild } from '../measure/child.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { type Options, progress } from './options.ts';

const batchSizes = [1, 10, 100] as const;
const kinds = ['memory', 'sqlite'] as const;

/** The cost of the ledger port alone, and the gain of group commit. */
export const ledger = async ({ rounds }: Options): Promise<Outcome> => {
  const program = await bundled('load/ledger-appends.ts');
  const samples = new Map<string, LedgerResult[]>();
  for (let round = 0; round < rounds; round++) {
    for (const size of batchSizes) {
      for (const kind of kinds) {
        const child = startChild({ args: [program, kind, String(size)] });
        const result = await child.message<LedgerResult>();
        await child.stop();
        const what = `${kind}, ${size} a batch`;
        samples.set(what, [...(samples.get(what) ?? []), result]);
        progress(`${what}: ${Math.round(result.entriesPerSecond)} entries/s`);
      }
    }
  }
  const figures: Figure[] = [...samples].flatMap(([what, results]) => [
    { what: `${what}: rate`, unit: 'entries/s', samples: results.map((one) => one.entriesPerSecond) },
    { what: `${what}: CPU`, unit: 's per 100,000 entries', samples: results.map((one) => one.cpuPer100k) },
  ]);
  return { figures, targets: [] };
};
