import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { Archive } from '../../src/conversations/stored/archive.ts';
import { Checkpoints } from '../../src/conversations/stored/checkpoints.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { limits } from '../core/talk.ts';
import { ended, lines, opened } from '../ledger/ledger-entries.ts';
import { RouterBench } from '../router-harness.ts';

const entries: Entry[] = [
  { ...opened(), cast: [{ name: 'bob', persona: 'a judge' }] },
  ...lines(2, 200, 'x'),
  { type: 'joined', seq: 201, at: 1, who: 'cy', history: false },
  { type: 'left', seq: 202, at: 2, who: 'cy' },
  ended(203),
];
/** A ledger that counts the entries that are read from it. */
const counted = (kept = openMemoryLedger()) => {
  const count = { entries: 0 };
  const ledger: Ledger = {
    ...kept,
    read: (...asked) => {
      const page = kept.read(...asked);
      count.entries += page.length;
      return page;
    },
  };
  return { ledger, kept, count };
};
const unexpected = (error: unknown) => {
  throw error;
};

const archiveOf = (ledger: Ledger, onFailure: (error: unknown) => void = unexpected) =>
  new Archive(ledger, new Checkpoints(ledger, onFailure), onFailure);

describe('how a conversation ended', () => {
  it('the last state of a conversation is stored with its ending, so that a start replays no ended conversation', async () => {
    const { ledger, count } = counted();
    const bench = new RouterBench({ ledger });
    await bench.open('c1', { policy: 'open', limits: limits({ maxTurns: 100 }) });
    for (let i = 0; i < 100; i++)
      await bench.submit('c1', { type: 'say', from: 'ann', turn: undefined, text: `${i}` });
    const before = bench.router.conversations.find('c1');
    expect(before?.status.state).toBe('ended');
    bench.restart();
    count.entries = 0;
    expect(bench.router.conversations.find('c1')).toEqual({ ...before, recent: [] });
    expect(count.entries).toBe(0);
  });

  it('an ended conversation of an old ledger is replayed once, in small steps, and then has a checkpoint', async () => {
    const { ledger, kept, count } = counted();
    await kept.append([
      { conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 5_000), ended(5_001)] },
    ]);
    const search = archiveOf(ledger).findSlowly('c1');
    let most = 0;
    for (let found = search.next(); ; found = search.next()) {
      most = Math.max(most, count.entries);
      count.entries = 0;
      if (!found.done) continue;
      expect(found.value?.seq).toBe(5_001);
      break;
    }
    expect(most).toBeLessThan(600);
    count.entries = 0;
    expect(archiveOf(ledger).find('c1')?.seq).toBe(5_001);
    expect(count.entries).toBe(0);
  });

  it('a long conversation is replayed in small steps for a fork of an entry in its middle', async () => {
    const { ledger, kept, count } = counted();
    await kept.append([
      { conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 5_000), ended(5_001)] },
    ]);
    const replay = archiveOf(ledger).at('c1', 3_000);
    let most = 0;
    for (let step = replay.next(); ; step = replay.next()) {
      most = Math.max(most, count.entries);
      count.entries = 0;
      if (!step.done) continue;
      expect(step.value?.seq).toBe(3_000);
      break;
    }
    expect(most).toBeLessThan(600);
  });

  it('an ended conversation is replayed each time when its checkpoint cannot be written', async () => {
    const { ledger, kept } = counted();
    await kept.append([{ conversation: 'c1', expectedSeq: 0, entries: entries }]);
    const failures: unknown[] = [];
    const full: Ledger = {
      ...ledger,
      keep: () => {
        throw new Error('database or disk is full');
      },
    };
    expect(archiveOf(full, (error) => failures.push(error)).find('c1')?.seq).toBe(203);
    expect(failures).toHaveLength(1);
  });
});

it('the cache of ended conversations is bounded in bytes and not only in their number', async () => {
  const { ledger, kept, count } = counted();
  const persona = 'x'.repeat(16_000);
  const cast = Array.from({ length: 15 }, (_, i) => ({ name: `m${i}`, persona }));
  for (let i = 0; i < 80; i++)
    await kept.append([
      { conversation: `c${i}`, expectedSeq: 0, entries: [{ ...opened(), cast }, ended(2)] },
    ]);
  const archive = archiveOf(ledger);
  for (let i = 0; i < 80; i++) archive.find(`c${i}`);
  count.entries = 0;
  archive.find('c79');
  expect(count.entries).toBe(0);
  archive.find('c0');
  expect(count.entries).toBeGreaterThan(0);
});
