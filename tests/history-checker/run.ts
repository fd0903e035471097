/**
 * Looks for loss, doubling, reordering and gaps in ledgers that no router has open:
 * `node tests/history-checker/run.ts [--receipts FILE]… LEDGER|EXPORT.jsonl…`. Exits 1 when it finds any.
 */
import { parseArgs } from 'node:util';
import { checkHistories } from './check.ts';
import { readHistories, readReceipts } from './sources.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { receipts: { type: 'string', multiple: true, default: [] } },
});
if (positionals.length === 0) {
  console.error('usage: node tests/history-checker/run.ts [--receipts FILE]… LEDGER|EXPORT.jsonl…');
  process.exit(2);
}
const histories = positionals.flatMap(readHistories);
const receipts = values.receipts.flatMap(readReceipts);
const faults = checkHistories(histories, receipts);
for (const { kind, conversation, detail } of faults)
  console.log(`${kind}: conversation ${conversation}: ${detail}`);
const entries = histories.reduce((sum, history) => sum + history.entries.length, 0);
console.log(
  `${histories.length} histories, ${entries} entries, ${receipts.length} receipts: ${faults.length} faults`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
