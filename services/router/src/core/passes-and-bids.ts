import { type EntryOf, isFailure, type PassReason, permanentFailures } from '@parley/protocol';
import { append, type CommandOf, type Decision } from './command.ts';
import {
  type Contribution,
  type Conversation,
  type Paid,
  type PlacedBid,
  paid,
  type Turn,
} from './conversation.ts';
import {
  afterContribution,
  type Ended,
  endedAfter,
  endingAfter,
  outOfTime,
  overBudget,
} from './endings/endings.ts';
import { isWaiting } from './floor/floor.ts';
import { notHeld, staleTurn } from './floor/held-turn.ts';
import { giving, nextFloor } from './floor/next-floor.ts';
import { policies } from './policies/policies.ts';

/** `before`: the entry that the same command has already decided. */
const passed = (
  state: Conversation,
  turn: Turn,
  { reason, detail, ...cost }: Paid & { reason: PassReason; detail?: string | undefined },
  now: number,
  before: readonly EntryOf<'lapsed'>[] = [],
): Decision => {
  const from = turn.member;
  const contribution: Contribution = {
    ...{ kind: 'passed', from, taken: turn, failed: isFailure(reason), ...paid(cost) },
  };
  const ending = endingAfter(state, contribution, now);
  const entry: EntryOf<'passed'> = {
    type: 'passed',
    seq: state.seq + before.length + 1,
    at: now,
    turn: turn.number,
    from,
    reason,
    ...(detail !== undefined && { detail }),
    ...paid(cost),
    ...giving(ending ? { names: [] } : nextFloor(state, contribution)),
  };
  return append(...before, entry, ...afterContribution(state, entry.seq, now, ending, from));
};

/** How a round ends in which no member wants to speak: agreed, unless a bid is missing. */
const silence = (bids: readonly PlacedBid[]): Ended => {
  const without = (why: PlacedBid['failed']) =>
    bids
      .filter(({ failed }) => failed === why)
      .map(({ member }) => member)
      .join(', ');
  const failed = without('failed');
  if (failed !== '') return { reason: 'failed', detail: `no bid came from ${failed}` };
  const away = without('absent');
  return away === ''
    ? { reason: 'agreed', detail: 'no member wants to speak' }
    : { reason: 'absent', detail: away };
};

/** The last bid of a round settles it: a member gets the floor, or the conversation ends. */
const placeBid = (
  state: Conversation,
  turn: Turn,
  { score, failed, ...cost }: Paid & Omit<PlacedBid, 'member'>,
  now: number,
  before: readonly EntryOf<'lapsed'>[] = [],
): Decision => {
  const from = turn.member;
  const isLast = state.floor.every((one) => one === turn);
  const bids = isLast ? [...state.bids, { member: from, score, ...(failed && { failed }) }] : [];
  const winner = isLast ? policies[state.policy].settleBids(state, bids) : undefined;
  const over =
    overBudget(state, { from, ...cost }) ?? (isLast && winner === undefined ? silence(bids) : undefined);
  // While others are still to bid, who they are is not written down again with each bid.
  const floor = over ? [] : winner === undefined ? undefined : [winner];
  const seq = state.seq + before.length + 1;
  const bid: EntryOf<'bid'> = {
    ...{ type: 'bid', seq, at: now, turn: turn.number, from, score },
    ...(failed && { failed }),
    ...paid(cost),
    ...(floor && { floor }),
  };
  return append(...before, bid, ...endedAfter(seq, now, over));
};

/** A grant ended without an answer: the turn is granted again, is passed, or ends the conversation, as `onFailure` says. */
export const lapse = (
  state: Conversation,
  turn: Turn,
  { cause, detail, retryAfterMs, ...cost }: Omit<CommandOf<'lapse'>, 'type'> & Paid,
  now: number,
): Decision => {
  const from = turn.member;
  const lapsed: EntryOf<'lapsed'> = {
    type: 'lapsed',
    seq: state.seq + 1,
    at: now,
    turn: turn.number,
    from,
    cause,
    ...(detail !== undefined && { detail }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...paid(cost),
  };
  // The deadline of a grant is no later than the end of the conversation, which is then why the grant ended.
  const over = outOfTime(state, now) ?? overBudget(state, { from, ...cost });
  if (over) return append(lapsed, ...endedAfter(lapsed.seq, now, over));
  const { maxAttempts, onFailure } = state.limits;
  const counted = turn.attempts - (turn.uncounted ?? 0) + (isWaiting(turn, cause) ? 0 : 1);
  const last = counted >= maxAttempts || permanentFailures.includes(cause);
  if (onFailure === 'retry' || !last) return append(lapsed);
  if (onFailure === 'end') {
    const why = `${from}: ${cause}${detail === undefined ? '' : `, ${detail}`}`;
    return append(lapsed, ...endedAfter(lapsed.seq, now, { reason: 'failed', detail: why }, from));
  }
  if (turn.wanted === 'bid') return placeBid(state, turn, { score: 0, failed: 'failed' }, now, [lapsed]);
  const reason = cause === 'deadline' ? 'timed-out' : cause === 'gone' ? 'interrupted' : cause;
  return passed(state, turn, { reason, detail }, now, [lapsed]);
};

export const pass = (state: Conversation, command: CommandOf<'pass'>, now: number): Decision => {
  const { from, reason, detail, retryAfterMs } = command;
  const cost = paid(command);
  const turn = state.floor.find(({ number, member }) => number === command.turn && member === from);
  if (!turn) return staleTurn(state, from, command.turn);
  const refused = notHeld(state, turn, command.attempt, 'is told what came of it');
  if (refused) return refused;
  if (isFailure(reason))
    return lapse(state, turn, { turn: turn.number, cause: reason, detail, retryAfterMs, ...cost }, now);
  return turn.wanted === 'bid'
    ? placeBid(state, turn, { score: 0, ...cost }, now)
    : passed(state, turn, { reason, detail, ...cost }, now);
};

export const bid = (state: Conversation, command: CommandOf<'bid'>, now: number): Decision => {
  const { from, turn: number, score } = command;
  const turn = state.floor.find(
    (one) => one.number === number && one.member === from && one.wanted === 'bid',
  );
  if (!turn) return staleTurn(state, from, number);
  return (
    notHeld(state, turn, command.attempt, 'counts') ?? placeBid(state, turn, { score, ...paid(command) }, now)
  );
};

/** No connection speaks for the member: the conversation waits on, goes on without it, or ends, as `onFailure` says. */
export const absent = (state: Conversation, turn: Turn, now: number): Decision => {
  if (turn.wanted === 'bid') return placeBid(state, turn, { score: 0, failed: 'absent' }, now);
  switch (state.limits.onFailure) {
    case 'retry':
      return append();
    case 'skip':
      return passed(state, turn, { reason: 'interrupted', detail: 'absent' }, now);
    case 'end':
      return append(...endedAfter(state.seq, now, { reason: 'absent', detail: turn.member }, turn.member));
  }
};
