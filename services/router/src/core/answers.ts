import {
  type Entry,
  type EntryOf,
  isFailure,
  maxMembers,
  type PassReason,
  permanentFailures,
} from '@parley/protocol';
import { fingerprintOf, likeness, saysGoodbye } from '@parley/text';
import { addresseeOf } from './addressee.ts';
import { type Audience, audienceOf, heardByAllOf, isForAll } from './audience.ts';
import { placeBid } from './bidding.ts';
import { append, type CommandOf, type Decision, type Paid, paid, refuse } from './command.ts';
import type { Conversation, Turn } from './conversation.ts';
import { type Ended, ended, endingAfter, outOfTime, overBudget } from './endings.ts';
import { isWaiting } from './floor.ts';
import { nudge } from './nudge.ts';
import { policies } from './policies/policies.ts';
import type { Floor } from './policies/policy.ts';
import { watchesRepetition } from './repetition.ts';
import { askTheOthers } from './unasked.ts';

const nobody: Floor = { names: [] };
const giving = ({ names, bidding }: Floor) => ({ floor: names, ...(bidding && { bidding }) });

/** What follows a line: its ending, or the pause at the end of a step. */
const afterLine = (
  state: Conversation,
  seq: number,
  at: number,
  ending: Ended | undefined,
  by: string,
): Entry[] => {
  if (ending) return [ended(seq, at, ending, by)];
  if (state.stepping?.lines !== 1) return [];
  return [{ type: 'paused', seq: seq + 1, at, by: state.stepping.by }];
};

export const lastTaken = ({ taken }: Conversation, member: string) =>
  taken.find((one) => one.member === member);

/** An answer to a turn that its member does not hold: the repetition of one that was taken, or too late. */
const staleTurn = (state: Conversation, from: string, turn: number): Decision => {
  const last = lastTaken(state, from);
  if (last?.turn === turn) return { kind: 'repeat', seq: last.seq, turn };
  return state.floor.some(({ number }) => number === turn)
    ? refuse('not-your-turn', `turn ${turn} is not ${from}'s`)
    : refuse('stale-turn', `turn ${turn} is not open`);
};

const loopOf = ({ limits, recent, members }: Conversation, text: string, audience: Audience) => ({
  ...(watchesRepetition(limits) && {
    likeness: likeness(fingerprintOf(text), heardByAllOf(members, audience, recent)),
  }),
  ...(limits.farewells && saysGoodbye(text) && { farewell: true as const }),
});

/**
 * Why an answer does not count for the turn that it names, although its member has that turn: nobody granted it, or the
 * grant that it answers has come back meanwhile. A late answer counts as long as nobody has given another (`late`), and
 * never while the conversation is paused; that a grant failed is told once.
 */
const notHeld = (
  state: Conversation,
  turn: Turn,
  attempt: number | undefined,
  late: 'counts' | 'is told what came of it',
): Decision | undefined => {
  const { number, member, attempts } = turn;
  if (state.seats.has(member)) return refuse('not-your-turn', `${member}'s seat is taken`);
  if (attempt === undefined)
    return refuse('not-your-turn', `turn ${number} was not granted to this connection`);
  if (attempt > attempts) return undefined;
  if (late === 'counts' && state.status.state === 'running') return undefined;
  if (late !== 'counts' && attempt === attempts && turn.lapsedAs !== undefined)
    return { kind: 'repeat', seq: turn.lapsedAs, turn: number };
  return refuse('stale-turn', `attempt ${attempt} at turn ${number} has come back`);
};

/** The turn that a message takes, if any; or why it may not be said. */
const turnOf = (state: Conversation, command: CommandOf<'say'>): Turn | Decision | undefined => {
  const { from, as, turn: number, attempt } = command;
  const own = (turn: Turn) => turn.member === from;
  // A person places no bid: whoever sits in a member's place may speak instead.
  if (typeof as === 'object') return state.floor.find(own);
  const toSpeak = (turn: Turn) => own(turn) && turn.wanted === 'speak';
  if (number === undefined) {
    const { takes } = command;
    if (typeof takes === 'object') {
      const turn = state.floor.find((one) => one.number === takes.turn && toSpeak(one));
      return turn && !notHeld(state, turn, takes.attempt, 'counts') ? turn : undefined;
    }
    const any = as === 'operator' || (takes === 'any' && policies[state.policy].free);
    return any ? state.floor.find(toSpeak) : undefined;
  }
  const turn = state.floor.find((one) => one.number === number && toSpeak(one));
  return turn ? (notHeld(state, turn, attempt, 'counts') ?? turn) : staleTurn(state, from, number);
};

export const say = (state: Conversation, command: CommandOf<'say'>, now: number): Decision => {
  const { from, text, done } = command;
  const policy = policies[state.policy];
  const speaker = typeof command.as === 'object' ? command.as.seat : undefined;
  const turn = turnOf(state, command);
  if (turn && 'kind' in turn) return turn;
  const seat = state.seats.get(from);
  if (command.as !== 'operator') {
    if (!state.members.includes(from)) return refuse('not-a-member', `${from} is not a member`);
    if (seat !== speaker)
      return refuse('not-your-turn', `${from}'s seat is ${seat === undefined ? 'not ' : ''}taken`);
    if (!turn && !policy.free) return refuse('not-your-turn', `${from} does not have the floor`);
  }

  const needsTarget = state.policy === 'addressed';
  const target = addresseeOf(state, command, turn);
  if (target === from) return refuse('bad-target', 'nobody addresses itself');
  if (needsTarget && target === undefined) return refuse('bad-target', 'the line needs a target');
  const stranger = target !== undefined && !state.members.includes(target);
  if (stranger && !policy.free) return refuse('bad-target', `${target} is not a member`);
  if (stranger && state.members.length >= maxMembers)
    return refuse('bad-target', `more than ${maxMembers} members`);
  // Of those who always hear a member, some may have left.
  const to =
    command.to ?? state.hears.get(from)?.filter((name) => name === target || state.members.includes(name));
  const unknown = to?.find((name) => name !== target && !state.members.includes(name));
  if (unknown !== undefined) return refuse('bad-target', `${unknown} is not a member`);

  const audience = audienceOf(from, to);
  const loop = loopOf(state, text, audience);
  const counted = isForAll(state.members, audience);
  const ending = endingAfter(state, { from, text, done, ...paid(command), ...(counted && loop) }, now);
  const owesMore = turn !== undefined && command.seen !== undefined && turn.since > command.seen;
  const line = { kind: 'said', from, text, target, done, taken: turn, owesMore } as const;
  const byOperator = command.as === 'operator' && !policy.free;
  const kept: Floor = {
    names: state.floor.map(({ member }) => member),
    ...(state.floor.some(({ wanted }) => wanted === 'bid') && { bidding: true }),
  };
  const floor = ending
    ? nobody
    : byOperator
      ? kept
      : askTheOthers(state, line, policy.floorAfter(state, line));
  const seq = state.seq + (stranger ? 2 : 1);
  const said: EntryOf<'said'> = {
    type: 'said',
    seq,
    at: now,
    ...(turn && { turn: turn.number }),
    from,
    ...(target !== undefined && { target }),
    ...(to && { to }),
    text,
    ...(done && { done }),
    ...paid(command),
    ...loop,
    ...giving(floor),
  };
  const joined: Entry[] = stranger ? [{ type: 'joined', seq: seq - 1, at: now, who: target }] : [];
  const nudged = ending || !counted ? [] : nudge(state, said);
  return append(...joined, said, ...nudged, ...afterLine(state, seq + nudged.length, now, ending, from));
};

/** `before`: entries that the same command has already decided. */
const passed = (
  state: Conversation,
  turn: Turn,
  { reason, detail, ...cost }: Paid & { reason: PassReason; detail?: string | undefined },
  now: number,
  before: readonly Entry[] = [],
): Decision => {
  const from = turn.member;
  const ending = endingAfter(state, { from, failed: isFailure(reason), ...cost }, now);
  const line = { kind: 'passed', from, taken: turn, owesMore: false } as const;
  const entry: EntryOf<'passed'> = {
    type: 'passed',
    seq: state.seq + before.length + 1,
    at: now,
    turn: turn.number,
    from,
    reason,
    ...(detail !== undefined && { detail }),
    ...paid(cost),
    ...giving(ending ? nobody : askTheOthers(state, line, policies[state.policy].floorAfter(state, line))),
  };
  return append(...before, entry, ...afterLine(state, entry.seq, now, ending, from));
};

export const lapse = (
  state: Conversation,
  turn: Turn,
  command: Omit<CommandOf<'lapse'>, 'type'> & Paid,
  now: number,
): Decision => {
  const { cause, detail, retryAfterMs } = command;
  const lapsed: EntryOf<'lapsed'> = {
    type: 'lapsed',
    seq: state.seq + 1,
    at: now,
    turn: turn.number,
    from: turn.member,
    cause,
    ...(detail !== undefined && { detail }),
    ...(retryAfterMs && { retryAfterMs }),
    ...paid(command),
  };
  // A grant's deadline is no later than the end of the conversation: that is then why it lapsed.
  const over = outOfTime(state, now) ?? overBudget(state, { ...command, from: turn.member });
  if (over) return append(lapsed, ended(lapsed.seq, now, over));
  const { maxAttempts, onFailure } = state.limits;
  const counted = turn.attempts - (turn.uncounted ?? 0) + (isWaiting(turn, cause) ? 0 : 1);
  const last = counted >= maxAttempts || permanentFailures.includes(cause);
  if (onFailure === 'retry' || !last) return append(lapsed);
  if (onFailure === 'end') {
    const why = `${turn.member}: ${cause}${detail === undefined ? '' : `, ${detail}`}`;
    return append(lapsed, ended(lapsed.seq, now, { reason: 'failed', detail: why }, turn.member));
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
  const stray = notHeld(state, turn, command.attempt, 'is told what came of it');
  if (stray) return stray;
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

/** Nobody speaks for the member: as `onFailure` says, the conversation waits on, goes on without it, or ends. */
export const absent = (state: Conversation, turn: Turn, now: number): Decision => {
  if (turn.wanted === 'bid') return placeBid(state, turn, { score: 0, failed: 'absent' }, now);
  switch (state.limits.onFailure) {
    case 'retry':
      return append();
    case 'skip':
      return passed(state, turn, { reason: 'interrupted', detail: 'absent' }, now);
    case 'end':
      return append(ended(state.seq, now, { reason: 'absent', detail: turn.member }, turn.member));
  }
};
