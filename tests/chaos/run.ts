/**
 * The long form: `node tests/chaos/run.ts [--seconds 180] [--conversations 20] [--turns 300]`, and with several routers
 * `node tests/chaos/run.ts --routers 3 [--conversations 50] [--turns 60] [--calls 1200]`. Exits 1 when anything was lost, doubled or
 * reordered, or did not come to its end, or when a pool was exceeded.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { verifyLedger } from '@parley/router/ledger/verify';
import { seeded } from '../harness/seeded.ts';
import { killAll } from '../harness/started-process.ts';
import { seedOf } from '../harness/test-seed.ts';
import { runChaos } from './chaos.ts';
import { runClusterChaos } from './cluster/cluster-chaos.ts';
import { clusterFaultsOf, faultsOf } from './outcome.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' },
    conversations: { type: 'string' },
    turns: { type: 'string' },
    /** On three servers of NATS; without it one router with a file. */
    routers: { type: 'string' },
    /** Calls of the model that the pool of several routers has in a minute. */
    calls: { type: 'string', default: '1200' },
    'reply-ms': { type: 'string', default: '400' },
    'recovery-ms': { type: 'string', default: '600000' },
  },
});
const isCluster = values.routers !== undefined;
const routers = Number(values.routers ?? 1);
const turns = Number(values.turns ?? (isCluster ? 60 : 300));
const callsPerMinute = Number(values.calls);
const conversations = Number(values.conversations ?? (isCluster ? 50 : 20));
/** The pool alone may need this long for all turns. */
const poolMs = isCluster ? (conversations * turns * 60_000) / callsPerMinute : 0;
const folder = mkdtempSync(join(tmpdir(), 'parley-chaos-'));
const ledger = join(folder, 'ledger.sqlite');
const startedAt = performance.now();
const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;
try {
  const options = {
    ...{ conversations, turns },
    replyMs: Number(values['reply-ms']),
    seconds: Number(values.seconds),
    recoveryMs: Number(values['recovery-ms']) + poolMs,
    random: seeded('chaos', seedOf(process.env.PARLEY_SEED || 'random')),
    say: console.log,
  };
  const run = async () => {
    if (!isCluster) {
      const result = await runChaos({ ...options, ledger });
      return { result, faults: [...faultsOf(result, turns), ...verifyLedger(ledger).faults] };
    }
    const result = await runClusterChaos({ ...options, folder, routers, callsPerMinute });
    const checked = result.copies.flatMap((copy) => verifyLedger(copy).faults);
    return { result, faults: [...clusterFaultsOf(result, { turns, callsPerMinute }), ...checked] };
  };
  const { result, faults } = await run();
  for (const fault of faults) console.log(fault);
  const entries = result.histories.reduce((sum, history) => sum + history.entries.length, 0);
  const lapsed = result.histories
    .flatMap((history) => history.entries)
    .filter(({ type }) => type === 'lapsed');
  console.log(JSON.stringify(result.done));
  console.log(
    `${result.conversations.length} conversations, ${entries} entries (${lapsed.length} lapsed), ${result.receipts.length} receipts, ${seconds()}: ${faults.length} faults`,
  );
  if (faults.length === 0) {
    rmSync(folder, { recursive: true });
  } else {
    writeFileSync(
      join(folder, 'receipts.jsonl'),
      result.receipts.map((one) => `${JSON.stringify(one)}\n`).join(''),
    );
    console.log(`kept: ${folder}`);
    process.exitCode = 1;
  }
} finally {
  await killAll();
}
