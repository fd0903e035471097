import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { openMemoryLedger } from '@parley/router/ledger/memory';
import { openSqliteLedger } from '@parley/router/ledger/sqlite';

export interface LedgerResult {
  entriesPerSecond: number;
  cpuPer100k: number;
}

/** Appends messages of 256 characters, one to each of as many conversations as a batch has: the work of one busy tick. */
const [kind, size] = process.argv.slice(2) as [string, string];
const conversations = Number(size);
const batches = Math.max(200, Math.ceil((kind === 'memory' ? 200_000 : 20_000) / conversations));

const directory = mkdtempSync(join(tmpdir(), 'parley-bench-ledger-'));
const ledger = kind === 'memory' ? openMemoryLedger() : openSqliteLedger(join(directory, 'ledger.sqlite'));
const text = 'x'.repeat(256);
const said = (seq: number): Entry => ({
  type: 'said',
  seq,
  at: 1_700_000_000_000 + seq,
  from: 'alice',
  target: 'bob',
  text,
  floor: ['bob'],
});

const appendSome = async (from: number, count: number) => {
  for (let seq = from; seq < from + count; seq++) {
    const results = await ledger.append(
      Array.from({ length: conversations }, (_, i) => ({
        conversation: `c${i}`,
        expectedSeq: seq - 1,
        entries: [said(seq)],
      })),
    );
    if (!results.every(({ ok }) => ok)) throw new Error('an append was refused');
  }
};
const warmUp = Math.ceil(batches / 10);
await appendSome(1, warmUp);
const cpu = process.cpuUsage();
const began = performance.now();
await appendSome(1 + warmUp, batches);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
const entries = batches * conversations;
ledger.close();
rmSync(directory, { recursive: true });
const result: LedgerResult = {
  entriesPerSecond: entries / seconds,
  cpuPer100k: ((user + system) / 1e6 / entries) * 100_000,
};
process.send?.(result);
