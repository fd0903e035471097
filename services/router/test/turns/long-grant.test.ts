import { decodeRouterFrame, maxGrantBytes, maxHistoryBytes } from '@parley/protocol';
import { expect, it } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { limits } from '../core/talk.ts';
import { lines, opened } from '../ledger/ledger-entries.ts';
import { FragileLedger, RouterBench } from '../router-harness.ts';

/** Counts the entries that are read from it. */
const counted = () => {
  const kept = openMemoryLedger();
  const count = { entries: 0 };
  const tally = <T extends readonly unknown[]>(page: T): T => {
    count.entries += page.length;
    return page;
  };
  const port: Ledger = {
    ...kept,
    read: (...asked) => tally(kept.read(...asked)),
    readNewest: (...asked) => tally(kept.readNewest(...asked)),
    readAll: (...asked) => tally(kept.readAll(...asked)),
  };
  return { port, count };
};

it('a grant to a new connection reads no more of a conversation of 20,000 messages than of one of 5,000', async () => {
  const reads: number[] = [];
  for (const length of [5_000, 20_000]) {
    const { port, count } = counted();
    await port.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, length)] }]);
    const bench = new RouterBench({ ledger: port });
    count.entries = 0;
    const name = length % 2 === 0 ? 'bob' : 'alice';
    const [grant] = bench.turns(bench.connect(name));
    reads.push(count.entries);
    expect(grant?.entries.slice(0, 2).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(grant?.entries.at(-1)?.seq).toBe(length);
    expect(grant?.omitted).toMatchObject({ since: 2, through: length - (grant?.entries.length ?? 0) + 2 });
  }
  expect(reads[1]).toBe(reads[0]);
});

it('a grant that holds all entries does not say that something was left out', async () => {
  const bench = new RouterBench();
  await bench.open('c1');
  const [ann, bob] = [bench.connect('ann'), bench.connect('bob')];
  for (let i = 0; i < 30; i++) await bench.answer(i % 2 ? bob : ann);
  const later = bench.connect('ann');
  await bench.drop(ann);
  const [grant] = bench.turns(later);
  expect(grant?.entries.map(({ seq }) => seq)).toEqual(bench.entries('c1').map(({ seq }) => seq));
  expect(grant?.omitted).toBeUndefined();
});

it('members who come and go do not make a grant larger, and it says who is there now', async () => {
  const bench = new RouterBench();
  const crowd = Array.from({ length: 250 }, (_, index) => `M${'x'.repeat(58)}${1_000 + index}`);
  await bench.open('c1', {
    members: ['ann', 'bob', ...crowd],
    policy: 'mention',
    admission: 'open',
    limits: limits({ maxTurns: 0 }),
  });
  const allMembers = crowd.map((name) => `@${name}`).join(' ');
  await bench.submit('c1', { type: 'say', from: 'ann', turn: 1, attempt: 1, text: `@bob ${allMembers}` });
  const before = bench.entries('c1').length;
  for (let i = 0; i < 3_300; i++) {
    await bench.submit('c1', { type: 'leave', who: 'ann' });
    await bench.submit('c1', { type: 'join', who: 'ann' });
  }
  await bench.submit('c1', { type: 'leave', who: crowd[0] as string });
  const comings = bench.entries('c1').slice(before, -1);
  expect(Math.max(...comings.map((entry) => JSON.stringify(entry).length))).toBeLessThan(200);
  const bob = bench.connect('bob');
  const [grant] = bench.turns(bob);
  expect(grant?.omitted?.members).toEqual(['bob', ...crowd.slice(1), 'ann']);
  expect(Buffer.byteLength(bob.connection.sent[0] as string)).toBeLessThan(maxHistoryBytes + 100_000);
});

it('the size of a grant counts entries as JSON: control characters, other scripts, lists of names', async () => {
  const bench = new RouterBench();
  const crowd = Array.from({ length: 250 }, (_, index) => `M${'x'.repeat(58)}${1_000 + index}`);
  await bench.open('c1', {
    members: ['ann', 'bob', ...crowd],
    policy: 'open',
    limits: limits({ maxTurns: 0 }),
  });
  for (const text of ['\u0001', '語', '\ud800', '"', 'a'])
    for (let i = 0; i < 12; i++)
      await bench.submit('c1', {
        type: 'say',
        from: 'ann',
        turn: undefined,
        text: text.repeat(32_000),
        to: ['bob', ...crowd],
      });
  await bench.submit('c1', { type: 'say', from: 'ann', turn: undefined, text: 'and now?', target: 'bob' });
  const bob = bench.connect('bob');
  const [frame] = bob.connection.sent as [string];
  expect(Buffer.byteLength(frame)).toBeLessThan(maxGrantBytes);
  expect(decodeRouterFrame(frame)).toMatchObject({ ok: true, frame: { omitted: { since: 2 } } });
  expect(bench.turns(bob)[0]?.entries.at(-1)).toMatchObject({ text: 'and now?' });
});

it('a fork of a long conversation is granted with its own limits and its beginning', async () => {
  const ledger = new FragileLedger();
  const bench = new RouterBench({ ledger: ledger.port });
  const long = [opened(), ...lines(2, 3_000, 'x'.repeat(300))];
  await ledger.kept.append([{ conversation: 'c1', expectedSeq: 0, entries: long }]);
  const parent = await bench.stateAt('c1', 1_000);
  if (!parent) throw new Error('there is no entry 1,000');
  await bench.submit('f1', { type: 'fork', by: 'op', parent, limits: limits({ maxTurns: 0 }) } as never);
  const speaker = () => bench.router.conversations.get('f1')?.floor[0];
  for (let seq = 1_002; seq <= 1_400; seq++) {
    const { member = '', number = 0 } = speaker() ?? {};
    const target = member === 'bob' ? 'alice' : 'bob';
    const said = {
      type: 'say',
      from: member,
      turn: number,
      attempt: 1,
      text: 'y'.repeat(3_000),
      target,
    } as const;
    expect(await bench.submit('f1', said)).toMatchObject({ kind: 'done', seq });
  }
  const [grant] = bench.turns(bench.connect(speaker()?.member ?? ''));
  expect(grant?.entries.slice(0, 3).map(({ seq }) => seq)).toEqual([1, 2, 1_001]);
  expect(grant?.entries[2]?.type).toBe('forked');
  expect(grant?.omitted?.since).toBe(2);
});
