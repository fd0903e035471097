import type { Entry, Limits } from '@parley/protocol';
import { openSqliteLedger } from '@parley/router/ledger/sqlite';
import { Checkpoints } from '../../services/router/src/conversations/stored/checkpoints.ts';
import type { Conversation } from '../../services/router/src/core/conversation.ts';
import { evolve } from '../../services/router/src/core/evolve.ts';

export const listedOfEach = 5;
const messageLength = 600;
const listedLength = 40;
const perBatch = 5_000;
const at = 1_700_000_000_000;
const limits: Limits = {
  maxTurns: 0,
  maxDurationMs: 0,
  stopPhrases: [],
  maxAttempts: 5,
  onFailure: 'retry',
  turnDeadlineMs: 600_000,
};

function* entriesOf(length: number, textLength: number, names: readonly [string, string]): Generator<Entry> {
  const text = 'lorem ipsum '.repeat(Math.ceil(textLength / 12)).slice(0, textLength);
  yield {
    type: 'opened',
    seq: 1,
    at,
    by: names[0],
    members: names,
    policy: 'round-robin',
    limits,
    floor: [names[0]],
  };
  for (let turn = 1; turn <= length; turn++) {
    const [from, next] = turn % 2 === 1 ? names : [names[1], names[0]];
    yield { type: 'said', seq: turn + 1, at: at + turn, turn, from, text: `${turn} ${text}`, floor: [next] };
  }
}

/**
 * A ledger for `benchmarks/readers.ts`: for each length a conversation that runs, in which the member `ann-LENGTH` has the floor,
 * and some that have ended.
 */
export const writeLongConversations = async (path: string, lengths: readonly number[]): Promise<void> => {
  const ledger = openSqliteLedger(path);
  const checkpoints = new Checkpoints(ledger, (error) => {
    throw error;
  });
  const write = async (conversation: string, entries: Iterable<Entry>): Promise<void> => {
    let state: Conversation | undefined;
    let batch: Entry[] = [];
    let expectedSeq = 0;
    const flush = async () => {
      await ledger.append([checkpoints.withEnd({ conversation, expectedSeq, entries: batch }, state)]);
      expectedSeq += batch.length;
      batch = [];
    };
    for (const entry of entries) {
      state = evolve(state, entry, conversation);
      batch.push(entry);
      if (batch.length >= perBatch) await flush();
    }
    if (batch.length > 0) await flush();
  };
  for (const length of lengths) {
    await write(`long-${length}`, entriesOf(length, messageLength, [`ann-${length}`, `bob-${length}`]));
    for (let copy = 0; copy < listedOfEach; copy++) {
      const said = entriesOf(length, listedLength, ['x', 'y']);
      const ended: Entry = { type: 'ended', seq: length + 2, at: at + length, reason: 'max-turns' };
      await write(`ended-${length}-${copy}`, [...said, ended]);
    }
  }
  // No message waits: a router that starts need not look for messages of plain clients.
  ledger.mark(new Map([['', ledger.position()]]));
  ledger.close();
};
