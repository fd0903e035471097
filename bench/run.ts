import { parseArgs } from 'node:util';
import { footprint } from './benchmarks/footprint.ts';
import { ledger } from './benchmarks/ledger.ts';
import type { Options } from './benchmarks/options.ts';
import { plain } from './benchmarks/plain.ts';
import { soak } from './benchmarks/soak.ts';
import { turns } from './benchmarks/turns.ts';
import { keep, met, type Outcome, printed } from './measure/report.ts';

const benchmarks: Record<string, (options: Options) => Promise<Outcome>> = {
  turns,
  plain,
  footprint,
  soak,
  ledger,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '30' },
    profile: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});
const [name] = positionals;
const benchmark = benchmarks[name ?? ''];
const rounds = Number(values.rounds);
const minutes = Number(values.minutes);
if (!benchmark || positionals.length !== 1 || !(rounds >= 1) || !(minutes > 0)) {
  console.error(
    `usage: node bench/run.ts ${Object.keys(benchmarks).join(' | ')} [--rounds 5] [--minutes 30] [--check] [--profile DIRECTORY]`,
  );
  process.exit(2);
}

const outcome = await benchmark({ rounds, minutes, ...(values.profile && { profile: values.profile }) });
console.log(`\n${printed(outcome)}\n`);
if (!values.profile) console.log(`kept in ${keep(name!, outcome)}`);
if (values.check && !outcome.targets.every(met)) process.exitCode = 1;
