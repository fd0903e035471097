import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry, Limits } from '@parley/protocol';
import { openMemoryLedger } from '@parley/router/ledger/memory';
import { openSqliteLedger } from '@parley/router/ledger/sqlite';
import { fingerprintOf, likeness } from '@parley/text';
import { Conversations } from '../../services/router/src/conversations/conversations.ts';
import type { Command } from '../../services/router/src/core/command.ts';
import type { Conversation } from '../../services/router/src/core/conversation.ts';
import { decide } from '../../services/router/src/core/decide.ts';
import { evolve } from '../../services/router/src/core/evolve.ts';
import { mentioned } from '../../services/router/src/core/policies/mention.ts';
import type { Ledger } from '../../services/router/src/ledger/ledger.ts';
import { Presence } from '../../services/router/src/presence/presence.ts';
import { Gathering } from '../../services/router/src/turns/waiting/gathering.ts';

/** A cost that depends on a size: a small and a large size, and the cost of each. */
export interface CostResult {
  what: string;
  unit: string;
  sizes: [number, number];
  costs: [number, number];
}

const limits: Limits = {
  maxTurns: 0,
  maxDurationMs: 0,
  stopPhrases: [],
  maxAttempts: 3,
  onFailure: 'end',
  turnDeadlineMs: 1_000,
};
const fail = (error: unknown) => {
  throw error;
};
const names = (count: number) =>
  Array.from({ length: count }, (_, i) => `member-${'x'.repeat(40)}-${1_000 + i}`);

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Milliseconds of CPU time: the median of several runs after a warm-up. */
const timed = (work: (run: number) => void, runs = 15): number => {
  const took: number[] = [];
  for (let run = 0; run < 2 * runs; run++) {
    const began = cpuMs();
    work(run);
    if (run >= runs) took.push(cpuMs() - began);
  }
  return took.sort((a, b) => a - b)[took.length >> 1] as number;
};

/** A conversation without a ledger, driven by commands. */
const driven = (commands: readonly Command[]) => {
  let state: Conversation | undefined;
  let bytes = 0;
  for (const command of commands) {
    const decision = decide(state, command, 1_000);
    if (decision.kind !== 'append') throw new Error(JSON.stringify(decision));
    for (const entry of decision.entries) {
      state = evolve(state, entry, 'c');
      bytes += JSON.stringify(entry).length;
    }
  }
  return { state: state as Conversation, bytes };
};
const open = (members: readonly string[], policy: 'volunteer' | 'mention'): Command => ({
  ...{ type: 'open', by: members[0] as string, members, policy, opening: 'x', limits },
});

const alphabet = 'abcdefghijklmnopqrstuvwxyz';
const message = (characters: number, salt: number): string => {
  let state = salt + 1;
  const words = Array.from({ length: characters / 4 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return alphabet[state >>> 28]! + alphabet[(state >>> 24) & 15]! + alphabet[(state >>> 20) & 15]!;
  });
  return words.join(' ').slice(0, characters);
};

const likenessOf = (characters: number): number => {
  const earlier = Array.from({ length: 8 }, (_, i) => fingerprintOf(message(characters, i)));
  const texts = Array.from({ length: 30 }, (_, i) => message(characters, 100 + i));
  return timed((run) => likeness(fingerprintOf(texts[run] as string), earlier));
};

const mentionsOf = (marks: number): number => {
  const { state } = driven([open(names(250), 'mention')]);
  const text = Array.from({ length: marks }, (_, i) => `@stranger${i}`).join(' ');
  const line = { kind: 'said', from: state.by, text, owesMore: false } as const;
  return timed(() => mentioned(state, line));
};

const round = (count: number): Command[] => {
  const members = names(count);
  const bids = members.slice(1).map(
    (from, index): Command => ({
      ...{ type: 'bid', from, turn: index + 2, attempt: 1, score: 1 },
    }),
  );
  return [open(members, 'volunteer'), ...bids];
};

const gatheringOf = async (count: number): Promise<number> => {
  const conversations = new Conversations(openMemoryLedger(), () => 1_000, fail);
  const gathering = new Gathering({
    conversations,
    presence: new Presence({ duplicates: 'replicas', now: () => 0 }),
    delayOf: () => 0,
  });
  const members = names(16);
  const command: Command = {
    ...{ type: 'open', by: members[0] as string, members, policy: 'mention' },
    limits: { ...limits, gatherMs: 60_000 },
  };
  for (let i = 0; i < count; i++) conversations.submit(`c${i}`, command);
  await conversations.settled();
  for (const state of conversations.running()) gathering.see(state);
  return timed(() => gathering.tick());
};

const folder = mkdtempSync(join(tmpdir(), 'parley-bench-cost-'));
const said = (seq: number): Entry => ({
  ...{ type: 'said', seq, at: 1_000, turn: seq - 1, from: seq % 2 ? 'bob' : 'ann', text: 'x'.repeat(300) },
  floor: [seq % 2 ? 'ann' : 'bob'],
});
const opened: Entry = {
  ...{ type: 'opened', seq: 1, at: 1_000, by: 'ann', members: ['ann', 'bob'], policy: 'round-robin' },
  ...{ limits, floor: ['ann'] },
};
const recovered = (ledger: Ledger, runs: number): number =>
  timed(() => new Conversations(ledger, () => 1_000, fail).recover(), runs);

/** The start of a router with this number of running conversations of eight entries. */
const startOf = async (count: number): Promise<number> => {
  const ledger = openSqliteLedger(join(folder, `many-${count}.sqlite`));
  const entries = [opened, ...Array.from({ length: 7 }, (_, i) => said(i + 2))];
  for (let i = 0; i < count; i += 500)
    await ledger.append(
      Array.from({ length: 500 }, (_, j) => ({ conversation: `c${i + j}`, expectedSeq: 0, entries })),
    );
  const ms = recovered(ledger, 3);
  ledger.close();
  return ms;
};

/** The start of a router with one running conversation of this number of entries and a checkpoint. */
const startOfLong = async (length: number): Promise<number> => {
  const ledger = openSqliteLedger(join(folder, `long-${length}.sqlite`));
  const first = Array.from({ length: length - 21 }, (_, i) => said(i + 2));
  await ledger.append([{ conversation: 'c', expectedSeq: 0, entries: [opened, ...first] }]);
  const conversations = new Conversations(ledger, () => 1_000, fail);
  conversations.recover();
  for (let turn = length - 20; turn < length; turn++)
    conversations.submit('c', {
      ...{ type: 'say', from: turn % 2 ? 'ann' : 'bob', turn, attempt: 1, text: 'x' },
    });
  await conversations.settled();
  conversations.keepStates();
  const ms = recovered(ledger, 9);
  ledger.close();
  return ms;
};

const both = <T>(sizes: [number, number], of: (size: number) => T): [T, T] => [of(sizes[0]), of(sizes[1])];
const ms = 'ms';
const results: CostResult[] = [];
const add = (what: string, unit: string, sizes: [number, number], costs: [number, number]) =>
  results.push({ what, unit, sizes, costs });

add('likeness to eight messages, by characters', ms, [2_000, 32_000], both([2_000, 32_000], likenessOf));
add('a message, by marks with @ among 250 members', ms, [125, 2_000], both([125, 2_000], mentionsOf));
const bytesOf = (count: number) => driven(round(count)).bytes;
add('a round of bids in the ledger, by members', 'bytes', [16, 256], both([16, 256], bytesOf));
const bidOf = (count: number) => timed(() => driven(round(count))) / count;
add('a bid that is decided and applied, by members', ms, [16, 256], both([16, 256], bidOf));
const ticks: [number, number] = [await gatheringOf(500), await gatheringOf(10_000)];
add('a tick while conversations gather, by conversations', ms, [500, 10_000], ticks);
const [few, many] = [await startOf(1_000), await startOf(20_000)];
add('a start, by running conversations', ms, [1_000, 20_000], [few, many]);
const [short, long] = [await startOfLong(1_000), await startOfLong(50_000)];
add('a start with one conversation, by its entries', ms, [1_000, 50_000], [short, long]);
rmSync(folder, { recursive: true });
process.send?.(results);
