import { statSync } from 'node:fs';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { lines, opened } from './ledger-entries.ts';

/**
 * A process to be killed: appends to the ledger named by its first argument and prints, for each append that is
 * durable, how many entries there are and how long the write-ahead log is. Goes quiet after as many appends as
 * the second argument says.
 */
const [path, appends] = process.argv.slice(2) as [string, string];
const ledger = openSqliteLedger(path);
const conversations = ['c1', 'c2', 'c3'];
for (let round = 0; round < Number(appends); round++) {
  await ledger.append(
    conversations.map((conversation) => ({
      conversation,
      expectedSeq: 3 * round,
      entries:
        round === 0 ? [opened(), ...lines(2, 3)] : lines(3 * round + 1, 3 * round + 3, 'x'.repeat(round * 7)),
    })),
  );
  process.stdout.write(`${ledger.position()} ${statSync(`${path}-wal`).size}\n`);
  // Lets a kill come between two appends as well as inside one.
  if (round % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
}
setInterval(() => {}, 1_000);
