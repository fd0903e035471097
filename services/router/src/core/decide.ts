import { type EntryOf, maxMembers } from '@parley/protocol';
import { refusedOutside } from './admission.ts';
import { absent, bid, lapse, lastTaken, pass, say } from './answers.ts';
import { append, type Command, type CommandOf, type Decision, refuse } from './command.ts';
import type { Conversation } from './conversation.ts';
import { ended, outOfTime } from './endings.ts';
import { evolve } from './evolve.ts';
import { notGathered } from './gathering.ts';
import { nextInOrder } from './policies/policy.ts';

const open = (command: CommandOf<'open'>, now: number): Decision => {
  const { by, policy, topic, moderator, cast, hears, admission, seed, limits } = command;
  const members = [...new Set([by, ...command.members])];
  if (members.length < 2) return refuse('bad-target', 'a conversation needs two members');
  if (members.length > maxMembers) return refuse('bad-target', `more than ${maxMembers} members`);
  const heard = hears?.flatMap(({ from, to }) => [from, ...to]) ?? [];
  const first = command.first ?? (policy === 'moderator' ? (moderator ?? by) : by);
  const named = [
    first,
    ...(moderator === undefined ? [] : [moderator]),
    ...(cast ?? []).map(({ name }) => name),
    ...heard,
  ];
  // A frame may name 60,000 hearers.
  const known = new Set(members);
  const stranger = named.find((name) => !known.has(name));
  if (stranger !== undefined) return refuse('not-a-member', `${stranger} is not a member`);
  const opened: EntryOf<'opened'> = {
    type: 'opened',
    seq: 1,
    at: now,
    by,
    members,
    policy,
    ...(topic !== undefined && { topic }),
    ...(moderator !== undefined && { moderator }),
    ...(cast && { cast }),
    ...(hears && { hears }),
    ...(admission !== undefined && { admission }),
    ...(seed !== undefined && { seed }),
    limits,
    ...(command.request !== undefined && { request: command.request }),
    floor: [first],
  };
  if (command.opening === undefined) return append(opened);
  const line = say(
    evolve(undefined, opened, ''),
    { type: 'say', from: first, turn: 1, attempt: 1, text: command.opening },
    now,
  );
  return line.kind === 'append' ? append(opened, ...line.entries) : line;
};

const fork = ({ by, parent, cast, limits, request }: CommandOf<'fork'>, now: number): Decision => {
  const stranger = cast?.find(({ name }) => !parent.members.includes(name));
  if (stranger) return refuse('not-a-member', `${stranger.name} is not a member`);
  const floor = parent.floor.map(({ member }) => member);
  // The parent stopped here; in the fork somebody goes on.
  if (floor.length === 0) floor.push(nextInOrder(parent.members, parent.lastSpeaker ?? parent.by));
  return append({
    type: 'forked',
    seq: parent.seq + 1,
    at: now,
    by,
    parent: { conversation: parent.id, seq: parent.seq },
    ...(cast && { cast }),
    limits,
    ...(request !== undefined && { request }),
    floor,
    ...(parent.floor.some(({ wanted }) => wanted === 'bid') && { bidding: true }),
  });
};

const leave = (state: Conversation, who: string, now: number): Decision => {
  if (!state.members.includes(who)) return refuse('not-a-member', `${who} is not a member`);
  const seq = state.seq + 1;
  const alone = state.members.length <= 2;
  const heldAll = state.floor.length > 0 && state.floor.every(({ member }) => member === who);
  // Who else has the floor keeps it, and that is not written down again.
  const floor = alone ? [] : heldAll ? [nextInOrder(state.members, who)] : undefined;
  const left: EntryOf<'left'> = { type: 'left', seq, at: now, who, ...(floor && { floor }) };
  return append(left, ...(alone ? [ended(seq, now, { reason: 'agent-left', detail: who }, who)] : []));
};

const known = (state: Conversation, name: string): Decision | undefined =>
  state.members.includes(name) ? undefined : refuse('not-a-member', `${name} is not a member`);

/** An ended conversation takes nothing more; a repeated answer is still told what became of it. */
const afterTheEnd = (state: Conversation, command: Command): Decision => {
  if (['tick', 'lapse', 'absent', 'missing'].includes(command.type)) return append();
  const last = command.type === 'say' || command.type === 'pass' ? lastTaken(state, command.from) : undefined;
  if (last && 'turn' in command && last.turn === command.turn) {
    return { kind: 'repeat', seq: last.seq, turn: last.turn };
  }
  const why = state.status.state === 'ended' ? state.status.reason : '';
  return refuse('conversation-ended', `it ended: ${why}`);
};

/**
 * What a command does to a conversation: the entries to append, or why not. Pure and synchronous. Here is enforced what
 * holds when an answer is accepted: that it answers a grant, order, limits, budgets and endings. What holds when a
 * turn is granted (pause, pace, gathering, rate, capacity, price) is for `grants.ts`.
 */
export const decide = (state: Conversation | undefined, command: Command, now: number): Decision => {
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
      return command.type === 'lapse' ? lapse(state, turn, command, now) : absent(state, turn, now);
    }
    case 'missing': {
      const over = notGathered(state, command.who, now);
      return over ? append(ended(state.seq, now, over, command.who[0])) : append();
    }
    case 'fail':
      return append(ended(state.seq, now, { reason: 'failed', detail: command.detail }));
    case 'note': {
      const { by, to, kind, text } = command;
      const unknown = to.find((name) => !state.members.includes(name));
      if (unknown !== undefined) return refuse('not-a-member', `${unknown} is not a member`);
      return append({ type: 'noted', ...here, by, to, kind, text });
    }
    case 'summarise': {
      const { who, through, text } = command;
      return known(state, who) ?? append({ type: 'summarised', ...here, who, through, text });
    }
    case 'join': {
      const { who, history } = command;
      if (state.members.includes(who)) return append();
      if (state.members.length >= maxMembers) return refuse('bad-target', `more than ${maxMembers} members`);
      return append({ type: 'joined', ...here, who, ...(history === false && { history }) });
    }
    case 'leave':
      return leave(state, command.who, now);
    case 'seat': {
      const taken = state.seats.get(command.who);
      if (taken !== undefined && taken !== command.by) return refuse('forbidden', `${taken} has that seat`);
      if (taken !== undefined) return append();
      return (
        known(state, command.who) ?? append({ type: 'seated', ...here, who: command.who, by: command.by })
      );
    }
    case 'unseat':
      if (!state.seats.has(command.who)) return append();
      return append({ type: 'unseated', ...here, who: command.who, by: command.by });
    case 'recast':
      return (
        known(state, command.role.name) ??
        append({ type: 'recast', ...here, by: command.by, role: command.role })
      );
    case 'pause':
      return state.status.state === 'paused' ? append() : append({ type: 'paused', ...here, by: command.by });
    case 'resume': {
      const { by, lines } = command;
      if (state.status.state !== 'paused' && lines === undefined && !state.stepping) return append();
      return append({ type: 'resumed', ...here, by, ...(lines !== undefined && { lines }) });
    }
    case 'end':
      return append(
        ended(
          state.seq,
          now,
          { reason: 'operator', ...(command.detail && { detail: command.detail }) },
          command.by,
        ),
      );
    case 'tick': {
      const over = outOfTime(state, now);
      return over ? append(ended(state.seq, now, over)) : append();
    }
    default:
      return command satisfies never;
  }
};
