import { createInterface } from 'node:readline';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { lines, opened } from '../ledger-entries.ts';

/**
 * A process that holds the lease of a stream, to be stopped and woken up: appends one entry for each line of its input and prints
 * what became of it. Its argument is the options of the ledger.
 */
const options = JSON.parse(process.argv[2] ?? '{}');
const ledger = await openJetStreamLedger({ ...options, onEvent: () => {}, onFailure: () => {} });
ledger.onLost?.((why) => process.stdout.write(`lost: ${why}\n`));
await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened()] }]);
process.stdout.write('ready\n');
let seq = 1;
for await (const _ of createInterface({ input: process.stdin })) {
  try {
    const [result] = await ledger.append([
      { conversation: 'c1', expectedSeq: seq, entries: lines(seq + 1, seq + 1) },
    ]);
    if (result?.ok) seq++;
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } catch (error) {
    process.stdout.write(`refused: ${(error as Error).message}\n`);
  }
}
