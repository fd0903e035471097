import type { ClientFrame } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FaultPlace } from '../src/faults.ts';
import { parseLenient } from '../src/models/openai/chat-values.ts';
import { textReply } from './fake-model.ts';
import { grantOf, loopOf } from './turns/turn-loop-harness.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an unexpected error in a turn', () => {
  it('an unexpected error in a turn fails only that turn, and the next turn is answered', async () => {
    const faults: [FaultPlace, unknown][] = [];
    const bug = new Error('a bug');
    let broken = true;
    const { loop, calls, sent, outcomes, settled } = loopOf({
      onFault: (place, error) => faults.push([place, error]),
      now: () => {
        if (broken) throw bug;
        return performance.now();
      },
    });
    loop.granted(grantOf());
    await settled();
    expect(faults).toEqual([['turn', bug]]);
    expect(sent).toEqual([
      {
        type: 'pass',
        conversation: 'c1',
        turn: 1,
        attempt: 1,
        reason: 'interrupted',
        detail: 'an error of the agent',
      },
    ]);
    expect(outcomes).toEqual(['interrupted']);
    expect(loop.active).toBe(0);
    broken = false;
    loop.granted(grantOf({ attempt: 2, entries: [] }));
    await settled();
    calls[0]?.reply(textReply('Hello.'));
    await settled();
    expect(sent.at(-1)).toMatchObject({ type: 'say', text: 'Hello.' } satisfies Partial<ClientFrame>);
  });
});

describe('JSON of a model server', () => {
  it('JSON of a model server that is nested too deep is refused', () => {
    const deep = `{"error":{"loc":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    expect(parseLenient(deep)).toBeUndefined();
    expect(parseLenient('{"a":[[NaN]]}')).toEqual({ value: { a: [[null]] } });
  });
});
