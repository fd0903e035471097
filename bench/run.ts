import { parseArgs } from 'node:util';
import { agentMemory } from './benchmarks/agent-memory.ts';
import { consolePage } from './benchmarks/console.ts';
import { cost } from './benchmarks/cost.ts';
import { crowd } from './benchmarks/crowd.ts';
import { durable } from './benchmarks/durable.ts';
import { firstSentence } from './benchmarks/first-sentence.ts';
import { footprint } from './benchmarks/footprint.ts';
import { hostile } from './benchmarks/hostile.ts';
import { idle } from './benchmarks/idle.ts';
import { jetstream } from './benchmarks/jetstream.ts';
import { ledger } from './benchmarks/ledger.ts';
import { manyAgents } from './benchmarks/many-agents.ts';
import type { Options } from './benchmarks/options.ts';
import { paired } from './benchmarks/paired.ts';
import { plain } from './benchmarks/plain.ts';
import { readers } from './benchmarks/readers.ts';
import { scale } from './benchmarks/scale.ts';
import { soak } from './benchmarks/soak.ts';
import { turns } from './benchmarks/turns.ts';
import { latencyForms, readLatency } from './load/latency.ts';
import { keep, met, type Outcome, printed } from './measure/report.ts';

const benchmarks: Record<string, (options: Options) => Promise<Outcome>> = {
  turns,
  crowd,
  plain,
  footprint,
  idle,
  soak,
  ledger,
  hostile,
  readers,
  durable,
  'agent-memory': agentMemory,
  'many-agents': manyAgents,
  jetstream,
  scale,
  cost,
  paired,
  console: consolePage,
  'first-sentence': firstSentence,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '30' },
    profile: { type: 'string' },
    latency: { type: 'string' },
    only: { type: 'string' },
    base: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});
const names = positionals.length > 0 ? positionals : ['turns', 'crowd', 'plain', 'footprint', 'ledger'];
const rounds = Number(values.rounds);
const minutes = Number(values.minutes);
const unknown = names.find((name) => !Object.hasOwn(benchmarks, name));
const latency = values.latency === undefined ? undefined : readLatency(values.latency);
if (values.latency !== undefined && latency === undefined) {
  console.error(`bench: --latency is ${latencyForms}`);
  process.exit(2);
}
if (unknown !== undefined || !Number.isInteger(rounds) || rounds < 1 || !(minutes > 0)) {
  if (unknown !== undefined) console.error(`bench: there is no benchmark ${unknown}`);
  console.error(
    `usage: node bench/run.ts [${Object.keys(benchmarks).join(' | ')}] [--rounds 5] [--minutes 30] [--check] [--latency FORM] [--only NAME] [--base FOLDER] [--profile DIRECTORY]`,
  );
  process.exit(2);
}

for (const name of names) {
  const run = benchmarks[name]!;
  const outcome = await run({
    ...{ rounds, minutes },
    ...(latency && { latency }),
    ...(values.only && { only: values.only }),
    ...(values.base && { base: values.base }),
    ...(values.profile && { profile: values.profile }),
  });
  console.log(`\n${name}\n\n${printed(outcome)}\n`);
  if (!values.profile && !latency && !values.only) console.log(`kept in ${keep(name, outcome)}`);
  if (values.check && !outcome.targets.every(met)) process.exitCode = 1;
}
