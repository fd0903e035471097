import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { turnTimes } from '../src/model/turn-times.ts';

const opened = { type: 'opened', seq: 1, at: 1_000, floor: ['ann'] } as unknown as Entry;
const said = (seq: number, at: number, from: string, next: string, tookMs?: number): Entry => ({
  ...{ type: 'said', seq, at, turn: seq - 1, from, text: 'x', floor: [next] },
  ...(tookMs !== undefined && { tookMs }),
});

describe('The times of turns', () => {
  it('a turn waited from the entry that gave the floor until its grant, and the model took the rest', () => {
    const entries = [opened, said(2, 4_000, 'ann', 'bob', 2_500), said(3, 9_000, 'bob', 'ann', 1_000)];
    expect(turnTimes(entries)).toEqual([
      { seq: 2, from: 'ann', waitMs: 500, modelMs: 2_500 },
      { seq: 3, from: 'bob', waitMs: 4_000, modelMs: 1_000 },
    ]);
  });

  it('an answer without a measured time has a wait only, and a pass counts like a message', () => {
    const passed: Entry = {
      ...{ type: 'passed', seq: 3, at: 7_000, turn: 2, from: 'bob', reason: 'declined', floor: ['ann'] },
      tookMs: 500,
    };
    expect(turnTimes([opened, said(2, 4_000, 'ann', 'bob'), passed])).toEqual([
      { seq: 2, from: 'ann', waitMs: 3_000, modelMs: undefined },
      { seq: 3, from: 'bob', waitMs: 2_500, modelMs: 500 },
    ]);
  });

  it('a time that the router measured is never longer than the turn, although clocks are set', () => {
    expect(turnTimes([opened, said(2, 1_200, 'ann', 'bob', 9_000)])).toEqual([
      { seq: 2, from: 'ann', waitMs: 0, modelMs: 200 },
    ]);
  });

  it('nothing is told of a turn whose beginning is not loaded, nor of a message without a turn', () => {
    const free: Entry = { type: 'said', seq: 3, at: 5_000, from: 'eve', text: 'x', floor: ['bob'] };
    const entries = [
      opened,
      undefined,
      said(2, 4_000, 'ann', 'bob', 10),
      free,
      said(4, 6_000, 'bob', 'ann', 500),
    ];
    expect(turnTimes(entries)).toEqual([{ seq: 4, from: 'bob', waitMs: 1_500, modelMs: 500 }]);
  });
});
