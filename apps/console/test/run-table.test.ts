import type { ConversationView } from '@parley/protocol';
import { expect, it } from 'vitest';
import { listQuery } from '../src/model/runs/run-filters.ts';
import { runsAsCsv } from '../src/model/runs/run-table.ts';

const run = (more: Partial<ConversationView>): ConversationView => ({
  ...{ id: 'c1', status: 'ended', by: 'ann', members: ['ann', 'bob'], policy: 'random', turns: 2, seq: 4 },
  limits: {
    maxTurns: 0,
    maxDurationMs: 0,
    stopPhrases: [],
    maxAttempts: 1,
    onFailure: 'end',
    turnDeadlineMs: 100,
  },
  ...{ floor: [], waiting: {}, votes: [], usageBy: {}, admission: 'invited', cast: [], hears: {}, seats: {} },
  ...{ usage: { inputTokens: 7, outputTokens: 3, cost: 0.5 }, startedAt: 1_000, pausedMs: 0, endedAt: 4_000 },
  ...more,
});

it('The table as CSV quotes what it must, and has no cell that a spreadsheet reads as a formula', () => {
  const rows = runsAsCsv(
    [run({ topic: 'a "b", c' }), run({ id: 'c2', topic: '=HYPERLINK("x")', labels: ['batch:a', 'cell'] })],
    9_000,
  ).split('\r\n');
  expect(rows[0]?.split(',')).toHaveLength(15);
  expect(rows[1]).toBe('c1,"a ""b"", c",ended,,ann bob,,random,2,7,3,0.5,3,1970-01-01T00:00:01.000Z,,');
  expect(rows[2]).toContain(`c2,"'=HYPERLINK(""x"")",ended,`);
  expect(rows[2]).toMatch(/,batch:a cell$/);
});

it('The days of the filter are those of the reader: from the beginning of the first to the end of the last', () => {
  const query = new URLSearchParams(listQuery({ from: '2026-03-01', to: '2026-03-02', q: 'x' }, 10));
  expect(Number(query.get('from'))).toBe(new Date(2026, 2, 1).getTime());
  expect(Number(query.get('to'))).toBe(new Date(2026, 2, 3).getTime());
  expect(query.get('q')).toBe('x');
  expect(listQuery({ from: 'yesterday' }, 10)).toBe('limit=10');
});
