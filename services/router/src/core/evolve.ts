import { type Entry, type EntryOf, isFailure, type Role, type Usage } from '@parley/protocol';
import { fingerprintOf } from '@parley/text';
import type { Conversation, Paid, Spent, Status } from './conversation.ts';
import { isAlike, isGoodbye, watchesRepetition } from './endings/repetition.ts';
import { withSpending } from './endings/velocity.ts';
import { withJoined, withLeft } from './floor/attendance.ts';
import { audienceOf, isForAll } from './floor/audience.ts';
import { giveBack, giveFloor, lapsed } from './floor/floor.ts';

const nothing: Spent = { inputTokens: 0, outputTokens: 0, cost: 0 };
const none: readonly never[] = [];
/** Enough messages to find a repetition among a few members. */
const recentLines = 8;

/** A sum stays a number that a frame may hold. Earlier versions accepted larger numbers from their peers. */
const sum = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

const plus = (spent: Spent, usage: Usage | undefined, cost: number): Spent => ({
  inputTokens: sum(spent.inputTokens, usage?.inputTokens ?? 0),
  outputTokens: sum(spent.outputTokens, usage?.outputTokens ?? 0),
  cost: sum(spent.cost, cost),
});

/** The cost of an answer counts also when its turn is granted again. Undefined: it took nothing. */
const charged = (
  state: Conversation,
  entry: Paid & { readonly from: string; readonly at: number },
): Pick<Conversation, 'spent' | 'spentBy' | 'velocity'> | undefined => {
  const { spent, spentBy } = state;
  const { from, usage, cost = 0 } = entry;
  if (!usage && !cost) return undefined;
  return {
    spent: plus(spent, usage, cost),
    spentBy: new Map(spentBy).set(from, plus(spentBy.get(from) ?? nothing, usage, cost)),
    ...withSpending(state, entry),
  };
};

/** A member that is not known to have answered before has now. */
const withAnswer = ({ answered, members }: Conversation, name: string): readonly string[] =>
  answered.includes(name) || !members.includes(name) ? answered : [...answered, name];

/**
 * Shared by all states, because a map takes 200 bytes and most maps of a conversation are empty. A map of a state is never
 * changed.
 */
const empty: ReadonlyMap<string, never> = new Map<string, never>();

const byName = (roles: readonly Role[] = []): ReadonlyMap<string, Role> =>
  roles.length === 0 ? empty : new Map(roles.map((role) => [role.name, role]));

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
  hears: entry.hears ? new Map(entry.hears.map(({ from, to }) => [from, to])) : empty,
  attended: empty,
  seats: empty,
  limits: entry.limits,
  startedAt: entry.at,
  pausedMs: 0,
  status: { state: 'running' },
  begun: false,
  ...giveFloor({ floor: [], nextTurn: 1, limits: entry.limits }, entry, entry.by),
  bids: none,
  turnsTaken: 0,
  passes: none,
  votes: none,
  repeats: 0,
  farewells: 0,
  recent: none,
  addressed: none,
  spent: nothing,
  spentBy: empty,
  answered: none,
  taken: none,
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
  seats: empty,
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
  const at = addressed.findIndex((one) => one.from === from);
  const targets = addressed[at]?.targets ?? none;
  if (targets.at(-1) === target) return addressed;
  const others = targets.filter((name) => name !== target).slice(1 - maxAddressed);
  const now = { from, targets: [...others, target] };
  return at === -1 ? [...addressed, now] : addressed.with(at, now);
};

const comparedOf = ({ from, target, to, text }: EntryOf<'said'>): Conversation['recent'][number] => ({
  ...{ from, ...(target !== undefined && { target }) },
  ...{ fingerprint: fingerprintOf(text), audience: audienceOf(from, to) },
});

/** Its fields are written one by one: most entries are messages, and each spread of a part costs as much as copying the state. */
const said = (state: Conversation, entry: EntryOf<'said'>): Conversation => {
  const { seq, from, turn, done } = entry;
  const audience = audienceOf(from, entry.to);
  const forAll = isForAll(state.members, audience);
  const alike = isAlike(state.limits, entry);
  const watched = watchesRepetition(state.limits);
  const { floor, nextTurn } = giveFloor(state, entry, from, { taken: turn, target: entry.target });
  return {
    ...(state.stepping ? stepped(state) : state),
    seq,
    floor,
    nextTurn,
    // The message of the opening has the same time as the opening.
    begun: state.begun || (turn !== undefined && (seq > 2 || entry.at > state.startedAt)),
    turnsTaken: state.turnsTaken + 1,
    passes: done ? state.passes.filter(({ member }) => member !== from) : none,
    // A repetition adds nothing, so it does not take back the votes of the others.
    votes: done ? [...state.votes.filter((name) => name !== from), from] : alike ? state.votes : none,
    repeats: !forAll ? state.repeats : alike ? state.repeats + 1 : done ? state.repeats : 0,
    farewells: !forAll ? state.farewells : isGoodbye(entry) ? state.farewells + 1 : 0,
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
export const evolve = (state: Conversation | undefined, entry: Entry, id: string): Conversation => {
  const after: Mutable<Conversation> = next(state, entry, id);
  // `next` has made the object, and no other code has seen it. Another copy of the state would cost as much as the first.
  after.lastAt = entry.at;
  return after;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A new object in every case. */
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
