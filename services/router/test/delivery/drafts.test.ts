import { maxTextLength } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { Drafts } from '../../src/delivery/drafts.ts';

const said = (turn: number) => ({
  ...{ type: 'said' as const, seq: 9, at: 0, turn, from: 'a', text: 'x', floor: [] },
});

describe('The replies that are being written', () => {
  it('the drafts of replies are kept until their turn is over, and each chunk has its offset', () => {
    const drafts = new Drafts();
    expect(drafts.add('c1', 1, 'a', 'Good ')).toBe(0);
    expect(drafts.add('c1', 1, 'a', 'day')).toBe(5);
    expect(drafts.add('c2', 1, 'b', 'Hm')).toBe(0);
    expect([...drafts.of('c1')]).toEqual([
      { conversation: 'c1', turn: 1, from: 'a', text: 'Good day', offset: 0 },
    ]);
    expect([...drafts.of(undefined)].length).toBe(2);
    drafts.onEntry('c1', said(1));
    expect([...drafts.of('c1')]).toEqual([]);
    drafts.onEntry('c2', { type: 'ended', seq: 3, at: 0, reason: 'operator' });
    expect([...drafts.of(undefined)]).toEqual([]);
  });

  it('a draft is no longer than a message, and all drafts together are bounded: the oldest are dropped', () => {
    const drafts = new Drafts();
    drafts.add('long', 1, 'a', 'x'.repeat(maxTextLength));
    expect(drafts.add('long', 1, 'a', 'yy')).toBe(maxTextLength);
    expect(drafts.add('long', 1, 'a', 'z')).toBe(maxTextLength + 2);
    expect([...drafts.of('long')][0]?.text).toBe('x'.repeat(maxTextLength));
    for (let i = 0; i < 500; i++) drafts.add(`c${i}`, 1, 'a', 'x'.repeat(maxTextLength));
    const held = [...drafts.of(undefined)];
    expect(held.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(held.at(-1)?.conversation).toBe('c499');
    expect([...drafts.of('long')]).toEqual([]);
  });
});
