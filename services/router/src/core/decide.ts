import { type Entry, type EntryOf, isFailure, maxMembers, type PassReason } from '@parley/protocol';
import { append, type Command, type Decision, refuse } from './command.ts';
import type { Conversation, Turn } from './conversation.ts';
import { type Ended, endingAfter, outOfTime } from './endings.ts';
import { policies } from './policies.ts';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** An `ended` entry right behind `seq`. */
const ended = (seq: number, at: number, { reason, detail }: Ended, by?: string): EntryOf<'ended'> => ({
  type: 'ended',
  seq: seq + 1,
  at,
  reason,
  ...(detail !== undefined && { detail }),
  ...(by !== undefined && { by }),
});

const open = (command: CommandOf<'open'>, now: number): Decision => {
  const members = [...new Set([command.by, ...command.members])];
  if (members.length < 2) return refuse('bad-target', 'a conversation needs two members');
  if (members.length > maxMembers) return refuse('bad-target', `more than ${maxMembers} members`);
  if (!members.includes(command.first)) return refuse('not-a-member', `${command.first} is not a member`);
  const { by, policy, topic, limits, first } = command;
  return append({
    type: 'opened',
    seq: 1,
    at: now,
    by,
    members,
    policy,
    ...(topic !== undefined && { topic }),
    limits,
    floor: [first],
  });
};

/** Whom a line without a target addresses: who gave the turn, else the last speaker, else the only other. */
const defaultTarget = (state: Conversation, from: string, turn: Turn | undefined): string | undefined => {
  if (turn && turn.givenBy !== from) return turn.givenBy;
  if (state.lastSpeaker !== undefined && state.lastSpeaker !== from) return state.lastSpeaker;
  const others = state.members.filter((member) => member !== from);
  return others.length === 1 ? others[0] : undefined;
};

const staleTurn = (state: Conversation, from: string, turn: number): Decision => {
  const last = state.taken.get(from);
  if (last && last.turn === turn) return { kind: 'repeat', seq: last.seq, turn };
  const holder = state.floor.find(({ number }) => number === turn);
  return holder
    ? refuse('not-your-turn', `turn ${turn} is not ${from}'s`)
    : refuse('stale-turn', `turn ${turn} is not open`);
};

const say = (state: Conversation, command: CommandOf<'say'>, now: number): Decision => {
  const { from, text, usage } = command;
  const policy = policies[state.policy];
  const turn = state.floor.find(
    ({ number, member }) => member === from && (command.turn === undefined || number === command.turn),
  );
  if (!turn && command.turn !== undefined) return staleTurn(state, from, command.turn);
  if (!state.members.includes(from)) return refuse('not-a-member', `${from} is not a member`);
  if (!turn && !policy.free) return refuse('not-your-turn', `${from} does not have the floor`);

  const target = command.target ?? (policy.free ? defaultTarget(state, from, turn) : undefined);
  if (target === from) return refuse('bad-target', 'nobody addresses itself');
  if (policy.free && target === undefined) return refuse('bad-target', 'the line needs a target');
  const stranger = target !== undefined && !state.members.includes(target);
  if (stranger && !policy.free) return refuse('bad-target', `${target} is not a member`);
  if (stranger && state.members.length >= maxMembers)
    return refuse('bad-target', `more than ${maxMembers} members`);

  const ending = endingAfter(state, { text, from }, now);
  const owesMore = turn !== undefined && command.seen !== undefined && turn.since > command.seen;
  const seq = state.seq + (stranger ? 2 : 1);
  const said: EntryOf<'said'> = {
    type: 'said',
    seq,
    at: now,
    ...(turn && { turn: turn.number }),
    from,
    ...(target !== undefined && { target }),
    text,
    ...(usage && { usage }),
    floor: ending ? [] : policy.floorAfter(state, { from, target, taken: turn, kind: 'said', owesMore }),
  };
  const entries: Entry[] = stranger ? [{ type: 'joined', seq: seq - 1, at: now, who: target }, said] : [said];
  if (ending) entries.push(ended(seq, now, ending, from));
  return { kind: 'append', entries };
};

/** `before` entries that the same command has already decided. */
const passed = (
  state: Conversation,
  turn: Turn,
  { reason, detail }: { reason: PassReason; detail?: string | undefined },
  now: number,
  before: readonly Entry[] = [],
): Decision => {
  const from = turn.member;
  const ending = endingAfter(state, { from }, now);
  const seq = state.seq + before.length + 1;
  const line = { from, taken: turn, kind: 'passed', owesMore: false } as const;
  const entry: EntryOf<'passed'> = {
    type: 'passed',
    seq,
    at: now,
    turn: turn.number,
    from,
    reason,
    ...(detail !== undefined && { detail }),
    floor: ending ? [] : policies[state.policy].floorAfter(state, line),
  };
  return append(...before, entry, ...(ending ? [ended(seq, now, ending, from)] : []));
};

const lapse = (
  state: Conversation,
  turn: Turn,
  command: Omit<CommandOf<'lapse'>, 'type'>,
  now: number,
): Decision => {
  const { cause, detail } = command;
  const lapsed: EntryOf<'lapsed'> = {
    type: 'lapsed',
    seq: state.seq + 1,
    at: now,
    turn: turn.number,
    from: turn.member,
    cause,
    ...(detail !== undefined && { detail }),
  };
  const { maxAttempts, onFailure } = state.limits;
  if (onFailure === 'retry' || turn.attempts + 1 < maxAttempts) return append(lapsed);
  if (onFailure === 'end') {
    const why = `${turn.member}: ${cause}${detail === undefined ? '' : `, ${detail}`}`.slice(0, 1_000);
    return append(lapsed, ended(lapsed.seq, now, { reason: 'failed', detail: why }, turn.member));
  }
  const reason = cause === 'deadline' ? 'timed-out' : cause === 'gone' ? 'interrupted' : cause;
  return passed(state, turn, { reason, detail }, now, [lapsed]);
};

const pass = (state: Conversation, command: CommandOf<'pass'>, now: number): Decision => {
  const { from, reason, detail } = command;
  const turn = state.floor.find(({ number, member }) => number === command.turn && member === from);
  if (!turn) return staleTurn(state, from, command.turn);
  return isFailure(reason)
    ? lapse(state, turn, { turn: turn.number, cause: reason, detail }, now)
    : passed(state, turn, { reason, detail }, now);
};

const leave = (state: Conversation, who: string, now: number): Decision => {
  if (!state.members.includes(who)) return refuse('not-a-member', `${who} is not a member`);
  const seq = state.seq + 1;
  const members = state.members.filter((member) => member !== who);
  const rest = state.floor.filter((turn) => turn.member !== who).map((turn) => turn.member);
  const alone = members.length < 2;
  const floor =
    alone || rest.length > 0
      ? rest
      : [state.members[(state.members.indexOf(who) + 1) % state.members.length]!];
  const left: EntryOf<'left'> = { type: 'left', seq, at: now, who, floor: alone ? [] : floor };
  return append(left, ...(alone ? [ended(seq, now, { reason: 'agent-left', detail: who }, who)] : []));
};

/**
 * What a command does to a conversation: the entries to append, or why not. Pure and synchronous. This is the
 * one place where order, limits and endings are enforced.
 */
export const decide = (state: Conversation | undefined, command: Command, now: number): Decision => {
  if (command.type === 'open') {
    return state ? refuse('conversation-exists', 'this id is in use') : open(command, now);
  }
  if (!state) return refuse('unknown-conversation', 'there is no such conversation');
  if (state.status.state === 'ended') {
    // An answer that crossed the ending, or its repetition, is still told what became of its turn.
    const repeated =
      command.type === 'say' || command.type === 'pass' ? state.taken.get(command.from) : undefined;
    if (repeated && 'turn' in command && repeated.turn === command.turn) {
      return { kind: 'repeat', seq: repeated.seq, turn: repeated.turn };
    }
    if (command.type === 'tick' || command.type === 'lapse') return append();
    return refuse('conversation-ended', `it ended: ${state.status.reason}`);
  }
  const here = { seq: state.seq + 1, at: now };
  switch (command.type) {
    case 'say':
      return say(state, command, now);
    case 'pass':
      return pass(state, command, now);
    case 'lapse': {
      const turn = state.floor.find(({ number }) => number === command.turn);
      return turn ? lapse(state, turn, command, now) : append();
    }
    case 'join':
      if (state.members.includes(command.who)) return append();
      if (state.members.length >= maxMembers) return refuse('bad-target', `more than ${maxMembers} members`);
      return append({ type: 'joined', ...here, who: command.who });
    case 'leave':
      return leave(state, command.who, now);
    case 'pause':
      return state.status.state === 'paused' ? append() : append({ type: 'paused', ...here, by: command.by });
    case 'resume':
      return state.status.state === 'paused'
        ? append({ type: 'resumed', ...here, by: command.by })
        : append();
    case 'end':
      return append(ended(state.seq, now, { reason: 'operator', detail: command.detail ?? '' }, command.by));
    case 'tick': {
      const over = outOfTime(state, now);
      return over ? append(ended(state.seq, now, over)) : append();
    }
    default:
      return command satisfies never;
  }
};
