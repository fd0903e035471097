import type { Entry, Limits } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { Progress } from '../src/terminal/progress.ts';

const limits = { maxTurns: 10, maxDurationMs: 600_000, maxTokens: 1_000, maxCost: 0.5 } as Limits;
const feed = (...entries: object[]): Progress => {
  const progress = new Progress();
  const first = { type: 'opened', at: 0, by: 'ann', members: ['ann', 'ben', 'cy'], limits, floor: ['ann'] };
  for (const [place, entry] of [first, ...entries].entries())
    progress.entry({ seq: place + 1, ...entry } as Entry);
  return progress;
};
const said = {
  type: 'said',
  at: 1_000,
  from: 'ann',
  usage: { inputTokens: 300, outputTokens: 200 },
  cost: 0.01,
  floor: ['ben'],
};
const agent = (name: string, active: number) => ({
  name,
  dialect: 'v1' as const,
  replicas: 1,
  capacity: 8,
  active,
});

describe('the line of progress', () => {
  it('the line of progress counts for every limit, and its bar is that of the nearest limit', () => {
    const text = feed(said).text(61_000, undefined);
    expect(text).toBe('━━━━━━╌╌╌╌╌╌ 1/10 turns · 500/1,000 tokens · $0.010/$0.50 · 1:01/10:00 · ben thinks');
  });

  it('the line of progress counts the cost of bids, passes and failed turns', () => {
    const { usage, cost } = said;
    const answers = ['bid', 'passed', 'lapsed'].map((type) => ({
      type,
      at: 1_000,
      from: 'ben',
      usage,
      cost,
    }));
    expect(feed(...answers).text(61_000, undefined)).toContain(
      ' 1/10 turns · 1,500/1,000 tokens · $0.030/$0.50',
    );
  });

  it('the line of progress names the member that the conversation waits for, and the reason', () => {
    const state = (progress: Progress, agents?: Parameters<Progress['text']>[1]) =>
      progress.text(9_000, agents).split(' · ').at(-1);
    expect(state(feed(said), [agent('ann', 0)])).toBe('waiting for ben to connect');
    expect(state(feed(said), [agent('ben', 0)])).toBe('ben waits for the rate of its model');
    expect(state(feed(said), [agent('ben', 1)])).toBe('ben thinks');
    expect(state(feed(said, { type: 'paused', at: 2_000 }))).toBe('paused');
    expect(state(feed({ ...said, bidding: true, floor: ['ben', 'cy'] }))).toBe('ben, cy may bid');
    expect(state(feed(said, { type: 'seated', at: 1, who: 'ben', by: 'op' }))).toBe(
      'waiting for the operator in the seat of ben',
    );
    const writing = feed(said);
    writing.chunk('ben');
    expect(state(writing)).toBe('ben speaks');
  });

  it('the line of progress does not change while the conversation is paused', () => {
    const paused = feed(said, { type: 'paused', at: 5_000 });
    expect(paused.text(500_000, undefined)).toContain('0:05/10:00');
    const resumed = feed(said, { type: 'paused', at: 5_000 }, { type: 'resumed', at: 65_000 });
    expect(resumed.text(70_000, undefined)).toContain('0:10/10:00');
  });
});
