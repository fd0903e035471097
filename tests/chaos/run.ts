/**
 * The long form: `node tests/chaos/run.ts [--seconds 180] [--conversations 20] [--turns 300]`. Exits 1 when anything was
 * lost, doubled or reordered, or did not come to its end.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { verifyLedger } from '@parley/router/ledger/verify';
import { seeded } from '../harness/seeded.ts';
import { killAll } from '../harness/started-process.ts';
import { runChaos } from './chaos.ts';
import { faultsOf } from './outcome.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' },
    conversations: { type: 'string', default: '20' },
    turns: { type: 'string', default: '300' },
    'reply-ms': { type: 'string', default: '400' },
    'recovery-ms': { type: 'string', default: '600000' },
  },
});
const turns = Number(values.turns);
const folder = mkdtempSync(join(tmpdir(), 'parley-chaos-'));
const ledger = join(folder, 'ledger.sqlite');
const startedAt = performance.now();
const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;
try {
  const result = await runChaos({
    ledger,
    conversations: Number(values.conversations),
    turns,
    replyMs: Number(values['reply-ms']),
    seconds: Number(values.seconds),
    recoveryMs: Number(values['recovery-ms']),
    random: seeded('chaos'),
    say: console.log,
  });
  const faults = [...faultsOf(result, turns), ...verifyLedger(ledger).faults];
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
