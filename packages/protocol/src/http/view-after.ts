import { defined } from '../defined.ts';
import { type Entry, floorAfter, type Role } from '../entry.ts';
import { groupOfEnding } from '../words.ts';
import type { ConversationView } from './views.ts';

/** Tokens and dollars. */
type Spending = ConversationView['usage'];

const nothing: Spending = { inputTokens: 0, outputTokens: 0, cost: 0 };

/** A record without inherited keys: the name of a member may be `constructor` or `__proto__`. */
const withOwn = <T>(record: Readonly<Record<string, T>>, name: string, value: T): Record<string, T> =>
  Object.fromEntries([...Object.entries(record).filter(([key]) => key !== name), [name, value]]);
const without = <T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));

const opened = (id: string, entry: Extract<Entry, { type: 'opened' }>): ConversationView => {
  const {
    by,
    members,
    policy,
    topic,
    limits,
    floor,
    seq,
    at,
    moderator,
    admission,
    labels,
    cast = [],
  } = entry;
  return {
    id,
    status: 'running',
    by,
    members,
    policy,
    ...defined({ topic, moderator, labels }),
    limits,
    turns: 0,
    seq,
    floor,
    waiting: {},
    votes: [],
    usage: nothing,
    usageBy: {},
    admission: admission ?? 'invited',
    cast,
    hears: Object.fromEntries((entry.hears ?? []).map(({ from, to }) => [from, to])),
    seats: {},
    startedAt: at,
    pausedMs: 0,
  };
};

const plus = (
  sum: Spending,
  { usage, cost = 0 }: { usage?: Partial<Spending>; cost?: number },
): Spending => ({
  inputTokens: sum.inputTokens + (usage?.inputTokens ?? 0),
  outputTokens: sum.outputTokens + (usage?.outputTokens ?? 0),
  cost: sum.cost + cost,
});

const withRole = (cast: readonly Role[], role: Role): readonly Role[] => [
  ...cast.filter(({ name }) => name !== role.name),
  { ...cast.find(({ name }) => name === role.name), ...role },
];

/** The changes by an entry besides those of the floor and of the spending. */
const changes = (known: ConversationView, entry: Entry): Partial<ConversationView> => {
  switch (entry.type) {
    case 'said': {
      const others = known.votes.filter((name) => name !== entry.from);
      return { turns: known.turns + 1, votes: entry.done ? [...others, entry.from] : [] };
    }
    case 'passed':
      return { turns: known.turns + 1 };
    case 'joined':
      return { members: [...known.members, entry.who] };
    case 'left':
      return { members: known.members.filter((member) => member !== entry.who) };
    case 'seated':
      return { seats: withOwn(known.seats, entry.who, entry.by) };
    case 'unseated':
      return { seats: without(known.seats, entry.who) };
    case 'recast':
      return { cast: withRole(known.cast, entry.role) };
    case 'forked': {
      const { by, limits, parent, at, cast = [] } = entry;
      const begun = {
        status: 'running',
        seats: {},
        startedAt: at,
        pausedMs: 0,
      } as const;
      return { ...begun, by, limits, parent, cast: cast.reduce(withRole, known.cast) };
    }
    case 'paused':
      return { status: 'paused', pausedAt: entry.at };
    case 'resumed': {
      const paused = known.pausedAt === undefined ? 0 : entry.at - known.pausedAt;
      return { status: 'running', pausedMs: known.pausedMs + paused };
    }
    case 'ended': {
      const { reason, detail, unanswered } = entry;
      const ending = { reason, group: groupOfEnding[reason], ...defined({ detail, unanswered }) };
      return { status: 'ended', floor: [], waiting: {}, ending, endedAt: entry.at };
    }
    default:
      return {};
  }
};

/**
 * The conversation after one more entry. Returns `known` when it contains the entry already, and undefined when entries before it
 * are missing. The ledger does not hold why a member waits, so that field is missing until the view is fetched again.
 */
export const viewAfter = (
  known: ConversationView | undefined,
  id: string,
  entry: Entry,
): ConversationView | undefined => {
  if (!known) return entry.type === 'opened' ? opened(id, entry) : undefined;
  if (entry.seq <= known.seq) return known;
  if (entry.seq > known.seq + 1) return undefined;
  const floor = floorAfter(entry, known.floor);
  const spent = 'from' in entry && ('usage' in entry || 'cost' in entry) ? entry : undefined;
  const before = spent && Object.hasOwn(known.usageBy, spent.from) ? known.usageBy[spent.from] : undefined;
  const { pausedAt, ...others } = known;
  return {
    ...others,
    ...(pausedAt !== undefined && entry.type !== 'resumed' && entry.type !== 'forked' && { pausedAt }),
    seq: entry.seq,
    ...(floor && { floor, waiting: {} }),
    ...(spent && {
      usage: plus(known.usage, spent as Parameters<typeof plus>[1]),
      usageBy: withOwn(
        known.usageBy,
        spent.from,
        plus(before ?? nothing, spent as Parameters<typeof plus>[1]),
      ),
    }),
    ...changes(known, entry),
  };
};

/** Who hears a message: its `to`, else the listeners of the speaker, else every member. The speaker always does. */
export const hearersOf = (
  { members, hears }: Pick<ConversationView, 'members' | 'hears'>,
  { from, to }: { readonly from: string; readonly to?: readonly string[] | undefined },
): readonly string[] => {
  const listeners = to ?? (Object.hasOwn(hears, from) ? hears[from] : undefined);
  return listeners ? [...new Set([from, ...listeners])] : members;
};
