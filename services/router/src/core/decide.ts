import { type EntryOf, maxMembers } from '@parley/protocol';
import { refusedOutside } from './admission.ts';
import { append, type Command, type Decision, refuse } from './command.ts';
import type { Conversation } from './conversation.ts';
import { withAftermath } from './endings/aftermath.ts';
import { endedAfter, outOfTime } from './endings/endings.ts';
import { notGathered } from './floor/gathering.ts';
import { lastTaken } from './floor/held-turn.ts';
import { fork, open } from './opening.ts';
import { absent, bid, lapse, pass } from './passes-and-bids.ts';
import { nextInOrder } from './policies/policy.ts';
import { say } from './say.ts';

/** The refusal when one of the names is no member. */
const unknownOf = (state: Conversation, ...names: readonly string[]): Decision | undefined => {
  const unknown = names.find((name) => !state.members.includes(name));
  return unknown === undefined ? undefined : refuse('not-a-member', `${unknown} is not a member`);
};

const leave = (state: Conversation, who: string, now: number): Decision => {
  const seq = state.seq + 1;
  const alone = state.members.length <= 2;
  const heldAll = state.floor.length > 0 && state.floor.every(({ member }) => member === who);
  // The other members with a turn keep it, and that is not written down again.
  const floor = alone ? [] : heldAll ? [nextInOrder(state.members, who)] : undefined;
  const left: EntryOf<'left'> = { type: 'left', seq, at: now, who, ...(floor && { floor }) };
  return append(
    left,
    ...endedAfter(seq, now, alone ? { reason: 'agent-left', detail: who } : undefined, who),
  );
};

/** An ended conversation accepts nothing more. A repeated answer is answered with the entry that it made. */
const afterTheEnd = (state: Conversation, command: Command): Decision => {
  if (['tick', 'lapse', 'absent', 'missing'].includes(command.type)) return append();
  const last = command.type === 'say' || command.type === 'pass' ? lastTaken(state, command.from) : undefined;
  if (last && 'turn' in command && last.turn === command.turn)
    return { kind: 'repeat', seq: last.seq, turn: last.turn };
  const why = state.status.state === 'ended' ? state.status.reason : '';
  return refuse('conversation-ended', `it ended: ${why}`);
};

/**
 * The entries that a command appends to a conversation, or the reason why it is refused. Pure and synchronous. It enforces what
 * holds when an answer is accepted: that it answers a grant, order, limits, budgets and endings. What holds when a turn is
 * granted (pause, pace, gathering, rate, capacity, price) is checked in `turns/grant-rules.ts` and `turns/scheduler.ts`.
 */
export const decide = (state: Conversation | undefined, command: Command, now: number): Decision =>
  withAftermath(state, command, decideAlone(state, command, now), now);

const decideAlone = (state: Conversation | undefined, command: Command, now: number): Decision => {
  if (command.type === 'open' || command.type === 'fork') {
    if (state) return refuse('conversation-exists', 'this id is in use');
    return command.type === 'open' ? open(command, now) : fork(command, now);
  }
  if (!state) return refuse('unknown-conversation', 'there is no such conversation');
  const outside = refusedOutside(state, command);
  if (outside) return outside;
  if (state.status.state === 'ended') return afterTheEnd(state, command);
  const here = { seq: state.seq + 1, at: now };
  switch (command.type) {
    case 'say':
      return say(state, command, now);
    case 'pass':
      return pass(state, command, now);
    case 'bid':
      return bid(state, command, now);
    case 'lapse':
    case 'absent': {
      const turn = state.floor.find(({ number }) => number === command.turn);
      if (!turn) return append();
      const isLapsed = command.type === 'lapse' && (command.attempt ?? Infinity) <= turn.attempts;
      if (isLapsed) return append();
      return command.type === 'lapse' ? lapse(state, turn, command, now) : absent(state, turn, now);
    }
    case 'missing': {
      const { who } = command;
      return append(...endedAfter(state.seq, now, notGathered(state, who, now), who[0]));
    }
    case 'fail':
      return append(...endedAfter(state.seq, now, { reason: 'failed', detail: command.detail }));
    case 'note': {
      const { by, to, kind, text } = command;
      return unknownOf(state, ...to) ?? append({ type: 'noted', ...here, by, to, kind, text });
    }
    case 'summarise': {
      const { who, through, text } = command;
      return unknownOf(state, who) ?? append({ type: 'summarised', ...here, who, through, text });
    }
    case 'join': {
      const { who, history } = command;
      if (state.members.includes(who)) return append();
      if (state.members.length >= maxMembers) return refuse('bad-target', `more than ${maxMembers} members`);
      return append({ type: 'joined', ...here, who, ...(history === false && { history }) });
    }
    case 'leave':
      return unknownOf(state, command.who) ?? leave(state, command.who, now);
    case 'seat': {
      const { who, by } = command;
      const taken = state.seats.get(who);
      if (taken !== undefined) return taken === by ? append() : refuse('forbidden', `${taken} has that seat`);
      return unknownOf(state, who) ?? append({ type: 'seated', ...here, who, by });
    }
    case 'unseat': {
      const { who, by } = command;
      return state.seats.has(who) ? append({ type: 'unseated', ...here, who, by }) : append();
    }
    case 'recast': {
      const { by, role } = command;
      return unknownOf(state, role.name) ?? append({ type: 'recast', ...here, by, role });
    }
    case 'pause':
      return state.status.state === 'paused' ? append() : append({ type: 'paused', ...here, by: command.by });
    case 'resume': {
      const { by, lines } = command;
      if (state.status.state !== 'paused' && lines === undefined && !state.stepping) return append();
      return append({ type: 'resumed', ...here, by, ...(lines !== undefined && { lines }) });
    }
    case 'end': {
      const { by, detail } = command;
      return append(...endedAfter(state.seq, now, { reason: 'operator', ...(detail && { detail }) }, by));
    }
    case 'tick':
      return append(...endedAfter(state.seq, now, outOfTime(state, now)));
    default:
      return command satisfies never;
  }
};
