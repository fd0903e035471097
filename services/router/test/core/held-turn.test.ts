import { describe, expect, it } from 'vitest';
import { lastTaken, notHeld, staleTurn } from '../../src/core/floor/held-turn.ts';
import { limits, Talk } from './talk.ts';

const members = ['ann', 'bob', 'cid', 'dan'];
/** Ann, bob and cid have spoken; dan has the floor, by turn 4. */
const spoken = () => {
  const talk = new Talk({ policy: 'round-robin', members, limits: limits({ maxAttempts: 9 }) });
  for (let i = 0; i < 3; i++) talk.say();
  return talk;
};
const refusal = (code: string, message: string) => ({ kind: 'refuse', code, message });

describe('an answer to a turn that its member does not have', () => {
  it('the last answer of each member is found by its own name', () => {
    const { state } = spoken();
    expect(members.map((name) => lastTaken(state!, name)?.seq)).toEqual([2, 3, 4, undefined]);
  });

  it('the repetition of an answer is told its entry, and any other answer why it does not count', () => {
    const { state } = spoken();
    expect(staleTurn(state!, 'bob', 2)).toEqual({ kind: 'repeat', seq: 3, turn: 2 });
    expect(staleTurn(state!, 'ann', 2)).toEqual(refusal('stale-turn', 'turn 2 is not open'));
    expect(staleTurn(state!, 'bob', 4)).toEqual(refusal('not-your-turn', "turn 4 is not bob's"));
    expect(staleTurn(state!, 'dan', 9)).toEqual(refusal('stale-turn', 'turn 9 is not open'));
  });
});

describe('an answer to a turn that its member has', () => {
  const judged = (attempt: number | undefined, late: Parameters<typeof notHeld>[3], talk = spoken()) =>
    notHeld(talk.state!, talk.state!.floor[0]!, attempt, late);
  const after = (...commands: Parameters<Talk['do']>[0][]) => {
    const talk = spoken();
    for (const command of commands) talk.do(command);
    return talk;
  };
  const gone = { type: 'lapse', turn: 4, cause: 'gone' } as const;
  const pause = { type: 'pause', by: 'ops' } as const;

  it('an answer counts for the grant that runs, and needs one', () => {
    expect(judged(1, 'counts')).toBeUndefined();
    expect(judged(undefined, 'counts')).toEqual(
      refusal('not-your-turn', 'turn 4 was not granted to this connection'),
    );
  });

  it('no answer counts while the seat of the member is taken', () => {
    const seated = after({ type: 'seat', who: 'dan', by: 'ops' });
    expect(judged(1, 'counts', seated)).toEqual(refusal('not-your-turn', "dan's seat is taken"));
  });

  it('a late answer counts while the conversation runs, and not under a pause', () => {
    expect(judged(1, 'counts', after(gone))).toBeUndefined();
    expect(judged(1, 'counts', after(gone, pause))).toEqual(
      refusal('stale-turn', 'the grant of attempt 1 at turn 4 has ended'),
    );
    expect(judged(2, 'counts', after(gone, pause))).toBeUndefined();
  });

  it('a late failure is told the lapse of its own grant, and is refused for an earlier one', () => {
    expect(judged(2, 'is told what came of it', after(gone, gone))).toEqual({
      kind: 'repeat',
      seq: 6,
      turn: 4,
    });
    expect(judged(1, 'is told what came of it', after(gone, gone))).toEqual(
      refusal('stale-turn', 'the grant of attempt 1 at turn 4 has ended'),
    );
    expect(judged(2, 'is told what came of it', after(gone))).toBeUndefined();
  });
});
