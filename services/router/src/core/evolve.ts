import { type Entry, type EntryOf, isFailure, type Role, type Usage } from '@parley/protocol';
import { fingerprintOf } from '@parley/text';
import type { Conversation, Paid, Spent, Status } from './conversation.ts';
import { isAlike, isGoodbye, watchesRepetition } from './endings/repetition.ts';
import { withSpending } from './endings/velocity.ts';
import { withJoined, withLeft } from './floor/attendance.ts';
import { audienceOf, isForAll } from './floor/audience.ts';
import { giveBack, giveFloor, lapsed } from './floor/floor.ts';

const nothing: Spent = { inputTokens: 0, outputTokens: 0, cost: 0 };
/** Enough messages to find a repetition among a few members. */
const recentLines = 8;

/** A sum stays a number that a frame may hold. Earlier versions accepted larger numbers from their peers. */
const sum = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

const plus = (spent: Spent, usage: Usage | undefined, cost: number): Spent => ({
  inputTokens: sum(spent.inputTokens, usage?.inputTokens ?? 0),
  outputTokens: sum(spent.outputTokens, usage?.outputTokens ?? 0),
  cost: sum(spent.cost, cost),
});

/** The cost of an answer counts also when its turn is granted again. */
const charged = (
  state: Conversation,
  entry: Paid & { readonly from: string; readonly at: number },
): Pick<Conversation, 'spent' | 'spentBy' | 'velocity'> => {
  const { spent, spentBy } = state;
  const { from, usage, cost = 0 } = entry;
  if (!usage && !cost) return { spent, spentBy };
  return {
    spent: plus(spent, usage, cost),
    spentBy: new Map(spentBy).set(from, plus(spentBy.get(from) ?? nothing, usage, cost)),
    ...withSpending(state, entry),
  };
};

/** A member that is not known to have answered before has now. */
const withAnswer = ({ answered, members }: Conversation, name: string): readonly string[] =>
  answered.includes(name) || !members.includes(name) ? answered : [...answered, name];

const byName = (roles: readonly Role[] = []) => new Map(roles.map((role) => [role.name, role]));

const without = <V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> =>
  map.has(key) ? new Map([...map].filter(([name]) => name !== key)) : map;

const open = (id: string, entry: EntryOf<'opened'>): Conversation => ({
  id,
  seq: entry.seq,
  lastAt: entry.at,
  by: entry.by,
  members: entry.members,
  named: entry.members,
  admission: entry.admission ?? 'invited',
  policy: entry.policy,
  ...(entry.topic !== undefined && { topic: entry.topic }),
  ...(entry.moderator !== undefined && { moderator: entry.moderator }),
  seed: entry.seed ?? 0,
  ...(entry.labels && { labels: entry.labels }),
  cast: byName(entry.cast),
  hears: new Map(entry.hears?.map(({ from, to }) => [from, to])),
  attended: new Map(),
  seats: new Map(),
  limits: entry.limits,
  startedAt: entry.at,
  pausedMs: 0,
  status: { state: 'running' },
  begun: false,
  ...giveFloor({ floor: [], nextTurn: 1, limits: entry.limits }, entry, entry.by),
  bids: [],
  turnsTaken: 0,
  passes: [],
  votes: [],
  repeats: 0,
  farewells: 0,
  recent: [],
  addressed: new Map(),
  spent: nothing,
  spentBy: new Map(),
  answered: [],
  taken: [],
});

/** The state of the parent at the fork, under another id. Its time starts again. */
const fork = (
  { stepping: _, velocity: __, ...parent }: Conversation,
  entry: EntryOf<'forked'>,
  id: string,
): Conversation => ({
  ...parent,
  id,
  seq: entry.seq,
  by: entry.by,
  parent: entry.parent,
  limits: entry.limits,
  cast: new Map([...parent.cast, ...byName(entry.cast)]),
  seats: new Map(),
  startedAt: entry.at,
  pausedMs: 0,
  status: { state: 'running' },
  ...giveFloor({ floor: [], nextTurn: parent.nextTurn, limits: entry.limits }, entry, entry.by),
  bids: [],
});

const stepped = ({ stepping, ...state }: Conversation): Conversation =>
  stepping && stepping.turns > 1 ? { ...state, stepping: { ...stepping, turns: stepping.turns - 1 } } : state;

const took = (
  state: Conversation,
  member: string,
  turn: number | undefined,
  seq: number,
): Conversation['taken'] => {
  if (turn === undefined) return state.taken;
  const taken = state.taken.filter((one) => one.member !== member);
  taken.push({ member, turn, seq });
  return taken;
};

/** Addressees that are kept of one member. */
const maxAddressed = 16;

const withTarget = (
  addressed: Conversation['addressed'],
  from: string,
  target: string,
): Conversation['addressed'] => {
  const targets = addressed.get(from) ?? [];
  if (targets.at(-1) === target) return addressed;
  const others = targets.filter((name) => name !== target).slice(1 - maxAddressed);
  return new Map(addressed).set(from, [...others, target]);
};

const comparedOf = ({ from, target, to, text }: EntryOf<'said'>): Conversation['recent'][number] => ({
  ...{ from, ...(target !== undefined && { target }) },
  ...{ fingerprint: fingerprintOf(text), audience: audienceOf(from, to) },
});

const said = (state: Conversation, entry: EntryOf<'said'>): Conversation => {
  const { seq, from, turn } = entry;
  const audience = audienceOf(from, entry.to);
  const alike = isAlike(state.limits, entry);
  const watched = watchesRepetition(state.limits);
  return {
    ...(state.stepping ? stepped(state) : state),
    seq,
    ...giveFloor(state, entry, from, { taken: turn, target: entry.target }),
    // The message of the opening has the same time as the opening.
    begun: state.begun || (turn !== undefined && (seq > 2 || entry.at > state.startedAt)),
    turnsTaken: state.turnsTaken + 1,
    passes: entry.done ? state.passes.filter(({ member }) => member !== from) : [],
    // A repetition adds nothing, so it does not take back the votes of the others.
    votes: entry.done ? [...state.votes.filter((name) => name !== from), from] : alike ? state.votes : [],
    ...(isForAll(state.members, audience) && {
      repeats: alike ? state.repeats + 1 : entry.done ? state.repeats : 0,
      farewells: isGoodbye(entry) ? state.farewells + 1 : 0,
    }),
    recent: watched ? [...state.recent.slice(1 - recentLines), comparedOf(entry)] : state.recent,
    addressed: entry.target === undefined ? state.addressed : withTarget(state.addressed, from, entry.target),
    lastSpeaker: from,
    answered: withAnswer(state, from),
    ...charged(state, entry),
    taken: took(state, from, turn, seq),
  };
};

const member = (state: Conversation, entry: EntryOf<'joined'> | EntryOf<'left'>): Conversation => {
  const { seq, who } = entry;
  if (entry.type === 'joined') {
    const attended = withJoined(state.attended, who, seq, entry.history !== false);
    return { ...state, seq, members: [...state.members, who], attended };
  }
  const members = state.members.filter((name) => name !== who);
  return {
    ...state,
    seq,
    members,
    ...(entry.floor
      ? giveFloor(state, { ...entry, floor: entry.floor }, who)
      : giveBack(state, (turn) => turn.member === who)),
    votes: state.votes.filter((name) => name !== who),
    passes: state.passes.filter(({ member }) => member !== who),
    seats: without(state.seats, who),
    attended: withLeft(state.attended, members, who, seq),
  };
};

/** The state after one more entry. Uses no policy and no limit, because an entry already says what was decided. */
export const evolve = (state: Conversation | undefined, entry: Entry, id: string): Conversation => ({
  ...next(state, entry, id),
  lastAt: entry.at,
});

const next = (state: Conversation | undefined, entry: Entry, id: string): Conversation => {
  if (entry.type === 'opened') return open(id, entry);
  if (!state || entry.seq !== state.seq + 1)
    throw new Error(`${id}: entry ${entry.seq} does not follow ${state?.seq}`);
  const { seq } = entry;
  switch (entry.type) {
    case 'forked':
      return fork(state, entry, id);
    case 'said':
      return said(state, entry);
    case 'passed':
      return {
        ...(state.stepping ? stepped(state) : state),
        seq,
        ...giveFloor(state, entry, entry.from, { taken: entry.turn }),
        begun: true,
        turnsTaken: state.turnsTaken + 1,
        passes: [
          ...state.passes.filter(({ member }) => member !== entry.from),
          { member: entry.from, failed: isFailure(entry.reason) },
        ],
        ...(!isFailure(entry.reason) && { answered: withAnswer(state, entry.from) }),
        ...charged(state, entry),
        taken: took(state, entry.from, entry.turn, seq),
      };
    case 'bid':
      return {
        ...state,
        seq,
        ...(entry.floor
          ? giveFloor(state, { ...entry, floor: entry.floor }, entry.from, { taken: entry.turn })
          : giveBack(state, ({ number }) => number === entry.turn)),
        begun: true,
        bids:
          entry.bidding || !entry.floor
            ? [
                ...state.bids,
                { member: entry.from, score: entry.score, ...(entry.failed && { failed: entry.failed }) },
              ]
            : [],
        ...(!entry.failed && { answered: withAnswer(state, entry.from) }),
        ...charged(state, entry),
        taken: took(state, entry.from, entry.turn, seq),
      };
    case 'lapsed':
      return {
        ...state,
        seq,
        ...charged(state, entry),
        floor: state.floor.map((turn) => (turn.number === entry.turn ? lapsed(turn, entry) : turn)),
      };
    case 'joined':
    case 'left':
      return member(state, entry);
    case 'noted':
    case 'summarised':
      return { ...state, seq };
    case 'seated':
      return { ...state, seq, seats: new Map(state.seats).set(entry.who, entry.by) };
    case 'unseated':
      return { ...state, seq, seats: without(state.seats, entry.who) };
    case 'recast': {
      const role = { ...state.cast.get(entry.role.name), ...entry.role };
      return { ...state, seq, cast: new Map(state.cast).set(role.name, role) };
    }
    case 'paused': {
      const { stepping: _, ...rest } = state;
      const { reason, detail } = entry;
      const about = { ...(reason && { reason }), ...(detail !== undefined && { detail }) };
      return { ...rest, seq, status: { state: 'paused', since: entry.at, ...about } };
    }
    case 'resumed': {
      const paused = state.status.state === 'paused' ? entry.at - state.status.since : 0;
      const stepping = entry.lines === undefined ? {} : { stepping: { turns: entry.lines, by: entry.by } };
      // An operator has looked at what was spent: only what comes now counts.
      const { stepping: _, velocity: __, ...rest } = state;
      return { ...rest, ...stepping, seq, status: { state: 'running' }, pausedMs: state.pausedMs + paused };
    }
    case 'ended': {
      const { reason, detail, unanswered, at } = entry;
      const about = { ...(detail !== undefined && { detail }), ...(unanswered && { unanswered }) };
      const status: Status = { state: 'ended', at, reason, ...about };
      return { ...state, seq, status, floor: [] };
    }
    default:
      return entry satisfies never;
  }
};
