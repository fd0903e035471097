import { type Entry, type EntryOf, maxMembers } from '@parley/protocol';
import { fingerprintOf, likeness, saysGoodbye } from '@parley/text';
import { append, type CommandOf, type Decision, refuse } from './command.ts';
import { type Contribution, type Conversation, paid, type Turn } from './conversation.ts';
import { afterContribution, endingAfter } from './endings/endings.ts';
import { nudge, watchesRepetition } from './endings/repetition.ts';
import { audienceOf, comparableTo, type Directed, isForAll } from './floor/audience.ts';
import { notHeld, staleTurn } from './floor/held-turn.ts';
import { giving, nextFloor } from './floor/next-floor.ts';
import { policies } from './policies/policies.ts';
import type { Floor } from './policies/policy.ts';

/** The turn to speak that the member has; with a number, if it has that one. */
const turnToSpeak = ({ floor }: Conversation, from: string, number?: number): Turn | undefined =>
  floor.find(
    (turn) =>
      turn.member === from && turn.wanted === 'speak' && (number === undefined || turn.number === number),
  );

/** The turn that a message takes, if any; or why the message is refused. */
const turnOf = (state: Conversation, command: CommandOf<'say'>): Turn | Decision | undefined => {
  const { from, as, turn: number, attempt } = command;
  // A person places no bid: in a member's seat, a person may speak instead.
  if (typeof as === 'object') return state.floor.find((turn) => turn.member === from);
  if (number !== undefined) {
    const turn = turnToSpeak(state, from, number);
    return turn ? (notHeld(state, turn, attempt, 'counts') ?? turn) : staleTurn(state, from, number);
  }
  const { takes } = command;
  if (takes) {
    const turn = turnToSpeak(state, from, takes.turn);
    return turn && !notHeld(state, turn, takes.attempt, 'counts') ? turn : undefined;
  }
  return as === 'operator' ? turnToSpeak(state, from) : undefined;
};

/** Why a member may not speak, with the turn that it takes. */
const maySpeak = (
  state: Conversation,
  { from, as }: CommandOf<'say'>,
  turn: Turn | undefined,
): Decision | undefined => {
  if (as === 'operator') return undefined;
  if (!state.members.includes(from)) return refuse('not-a-member', `${from} is not a member`);
  const seat = state.seats.get(from);
  if (seat !== (typeof as === 'object' ? as.seat : undefined))
    return refuse('not-your-turn', `${from}'s seat is ${seat === undefined ? 'not ' : ''}taken`);
  if (!turn && !policies[state.policy].allowsUnsolicited)
    return refuse('not-your-turn', `${from} does not have the floor`);
  return undefined;
};

/** Why a message may not address `target`. */
const mayAddress = (
  { policy, members }: Conversation,
  from: string,
  target: string | undefined,
): Decision | undefined => {
  const { requiresTarget, allowsUnsolicited } = policies[policy];
  if (target === undefined)
    return requiresTarget ? refuse('bad-target', 'the message needs a target') : undefined;
  if (target === from) return refuse('bad-target', 'target must differ from the speaker');
  if (members.includes(target)) return undefined;
  if (!allowsUnsolicited) return refuse('bad-target', `${target} is not a member`);
  return members.length >= maxMembers ? refuse('bad-target', `more than ${maxMembers} members`) : undefined;
};

const loopOf = ({ limits, recent, members }: Conversation, text: string, message: Directed) => ({
  ...(watchesRepetition(limits) && {
    likeness: likeness(fingerprintOf(text), comparableTo(message, members, recent)),
  }),
  ...(limits.farewells && saysGoodbye(text) && { farewell: true as const }),
});

/** An operator who speaks where members need a turn takes the floor from no member. */
const sameFloor = ({ floor }: Conversation): Floor => ({
  names: floor.map(({ member }) => member),
  ...(floor.some(({ wanted }) => wanted === 'bid') && { bidding: true }),
});

export const say = (state: Conversation, command: CommandOf<'say'>, now: number): Decision => {
  const { from, text, done } = command;
  const policy = policies[state.policy];
  const turn = turnOf(state, command);
  if (turn && 'kind' in turn) return turn;
  const target = command.target ?? policy.addressee(state, command, turn);
  const refused = maySpeak(state, command, turn) ?? mayAddress(state, from, target);
  if (refused) return refused;
  const joins = target !== undefined && !state.members.includes(target);
  // Of those who always hear a member, some may have left.
  const to =
    command.to ?? state.hears.get(from)?.filter((name) => name === target || state.members.includes(name));
  const unknown = to?.find((name) => name !== target && !state.members.includes(name));
  if (unknown !== undefined) return refuse('bad-target', `${unknown} is not a member`);

  const audience = audienceOf(from, to);
  const loop = loopOf(state, text, { from, target, audience });
  const counted = isForAll(state.members, audience);
  const contribution: Contribution = {
    ...{ kind: 'said', from, text, target, done, taken: turn, ...paid(command), ...(counted && loop) },
    owesMore: turn !== undefined && command.seen !== undefined && turn.since > command.seen,
  };
  const ending = endingAfter(state, contribution, now);
  const keepsFloor = command.as === 'operator' && !policy.allowsUnsolicited;
  const floor = ending ? { names: [] } : keepsFloor ? sameFloor(state) : nextFloor(state, contribution);
  const seq = state.seq + (joins ? 2 : 1);
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
  const joined: Entry[] = joins ? [{ type: 'joined', seq: seq - 1, at: now, who: target }] : [];
  const nudged = ending || !counted ? [] : nudge(state, said);
  return append(
    ...joined,
    said,
    ...nudged,
    ...afterContribution(state, seq + nudged.length, now, ending, from),
  );
};
