import { describe, expect, it } from 'vitest';
import type { Replica } from '../../src/presence/replica.ts';
import { AnswerMatcher, type AnswerMatcherOptions } from '../../src/turns/grants/answer-matcher.ts';
import type { Grant } from '../../src/turns/grants/grant.ts';
import type { GrantedAttempt } from '../../src/turns/grants/grant-records.ts';

const [ann, other] = [{ name: 'ann' }, { name: 'ann' }] as unknown as [Replica, Replica];

interface World {
  /** What the connection `ann` was granted of turn 3. */
  readonly granted?: GrantedAttempt;
  /** The grant of turn 3 that runs. */
  readonly runs?: Pick<Grant, 'replica' | 'attempt'>;
  /** A bid for turn 3 waits for its place. */
  readonly holdsBid?: boolean;
  readonly state?: { readonly status: string; readonly floor: readonly object[] };
  readonly mayContinue?: boolean;
}

const matcher = ({ granted, runs, holdsBid = false, state, mayContinue = false }: World) => {
  const isHere = (conversation: string, turn: number) => conversation === 'c1' && turn === 3;
  const parts = {
    records: {
      attemptOf: (replica: Replica, conversation: string, turn: number) =>
        replica === ann && isHere(conversation, turn) ? granted : undefined,
    },
    grants: { at: (conversation: string, turn: number) => (isHere(conversation, turn) ? runs : undefined) },
    bids: { holds: (conversation: string, turn: number) => holdsBid && isHere(conversation, turn) },
    rules: { mayContinue: (_state: object, turn: { number: number }) => mayContinue && turn.number === 3 },
    conversations: { get: () => state && { ...state, status: { state: state.status } } },
  };
  return new AnswerMatcher(parts as unknown as AnswerMatcherOptions);
};
const turn = { conversation: 'c1', turn: 3 };
const second: GrantedAttempt = { attempt: 2, seen: 9, isResumed: false };
const open = (attempts: number, status = 'running') => ({
  status,
  floor: [
    { number: 2, attempts: 0 },
    { number: 3, attempts },
  ],
});

describe('the grant that an answer belongs to', () => {
  it('an answer of a connection that was granted nothing belongs to no grant', () => {
    expect(matcher({}).match(ann, turn)).toBeUndefined();
    expect(matcher({ granted: second }).match(other, turn)).toBeUndefined();
  });

  it('an answer belongs to the grant that its connection holds, whatever is true of the conversation', () => {
    const held = matcher({
      granted: second,
      runs: { replica: ann, attempt: 2 },
      state: open(1, 'paused'),
    });
    expect(held.match(ann, turn)).toEqual(second);
    expect(held.match(ann, { ...turn, attempt: 2 })).toEqual(second);
    expect(held.match(ann, { ...turn, attempt: 3 })).toEqual(second);
  });

  it('an answer that names an earlier attempt belongs to that one, unless its connection was told of it before it reconnected', () => {
    const runs = { replica: ann, attempt: 2 };
    const earlier = { ...turn, attempt: 1 };
    expect(matcher({ granted: second, runs }).match(ann, earlier)).toEqual({ ...second, attempt: 1 });
    const resumed = { ...second, isResumed: true };
    expect(matcher({ granted: resumed, runs }).match(ann, earlier)).toEqual(resumed);
  });

  it('an answer to a bid that waits for its place belongs to the grant of its connection', () => {
    const waiting = matcher({ granted: second, holdsBid: true, runs: { replica: other, attempt: 5 } });
    expect(waiting.match(ann, turn)).toEqual(second);
  });

  it('an answer belongs to an earlier attempt than that of the connection that holds the turn now', () => {
    const lapsed = matcher({ granted: { ...second, attempt: 3 }, runs: { replica: other, attempt: 3 } });
    expect(lapsed.match(ann, turn)?.attempt).toBe(2);
    const older = matcher({ granted: second, runs: { replica: other, attempt: 5 } });
    expect(older.match(ann, turn)?.attempt).toBe(2);
  });

  it('an answer to a turn that is over, or of a conversation that is not known, keeps its attempt: the conversation refuses it', () => {
    expect(matcher({ granted: second }).match(ann, turn)).toEqual(second);
    const over = { status: 'running', floor: [{ number: 4, attempts: 0 }] };
    expect(matcher({ granted: second, state: over }).match(ann, turn)).toEqual(second);
  });

  it('a late answer to a turn that is open again counts where the turn may be granted', () => {
    const late = (mayContinue: boolean) =>
      matcher({ granted: second, state: open(5), mayContinue }).match(ann, turn);
    expect(late(true)).toEqual(second);
    expect(late(false)).toBeUndefined();
  });

  it('a late answer in a conversation that does not run counts where its attempt is among those that were counted', () => {
    const late = (attempts: number) =>
      matcher({ granted: second, state: open(attempts, 'paused'), mayContinue: true }).match(ann, turn);
    expect(late(2)).toEqual(second);
    expect(late(1)).toBeUndefined();
  });
});
