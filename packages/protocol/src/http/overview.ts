import { conversationId, count, name } from '../entry.ts';
import { maxMembers } from '../limits.ts';
import { list, number, object, oneOf, optional, record, type Static, text, union } from '../shape.ts';
import { endings, pauseReasons, waitReasons } from '../words.ts';

/** Milliseconds since 1970. */
const date = number(0, Number.MAX_SAFE_INTEGER);
const dollars = number(0, Number.MAX_SAFE_INTEGER);

/** Characters of a title and of a sentence in the overview: longer ones are cut. */
export const maxOverviewText = 200;
const shortText = text({ max: maxOverviewText });

/** Needs and talks that one overview holds at most. */
export const maxNeeds = 50;
export const maxTalks = 12;
/** Minutes of which the overview has sums. */
export const overviewMinutes = 60;

const subject = { conversation: conversationId, title: shortText };

/** What needs a person. */
const need = union({
  /** Turns of a member that wait for one reason; `conversation` and `since` are those of the oldest. */
  wait: { ...subject, member: name, reason: oneOf(waitReasons), since: date, turns: count },
  /** A member whose seat was taken has the floor: `by` is awaited. */
  seat: { ...subject, member: name, by: name, since: date },
  /** A conversation that the router has paused. */
  pause: { ...subject, reason: oneOf(pauseReasons), detail: optional(shortText), since: date },
  /** A conversation that a failure ended. */
  failure: { ...subject, ending: oneOf(endings), detail: optional(shortText), at: date },
  /** A budget of which 80 % or more are used; of one member where it is named. */
  budget: {
    ...subject,
    budget: oneOf(['tokens', 'cost']),
    used: dollars,
    limit: dollars,
    member: optional(name),
  },
});
export type Need = Static<typeof need>;

/** A conversation that runs, and what was said in it last. */
const talk = object({
  ...subject,
  status: oneOf(['running', 'paused']),
  members: list(name, { max: maxMembers }),
  turns: count,
  /** 0: no limit. */
  maxTurns: count,
  floor: list(name, { max: maxMembers }),
  last: optional(object({ seq: count, from: name, text: shortText, at: date })),
});
export type Talk = Static<typeof talk>;

/** Sums over one minute. `waitMs` and `modelMs` are sums over turns; both are 0 from before the router started. */
const minute = object({
  at: date,
  turns: count,
  tokens: count,
  cost: dollars,
  waitMs: number(0, Number.MAX_SAFE_INTEGER),
  modelMs: number(0, Number.MAX_SAFE_INTEGER),
});
export type Minute = Static<typeof minute>;

/** What an operator looks at first. */
export const overview = object({
  at: date,
  running: count,
  paused: count,
  /** Conversations in the ledger. */
  total: count,
  /** Names that are connected. */
  agents: count,
  /** The most urgent first: failures, pauses, seats, waits, budgets; the oldest of each first. */
  needs: list(need, { max: maxNeeds }),
  /** How many there are, also those that `needs` leaves out. */
  needed: count,
  /** The conversations in which something happened last. */
  talks: list(talk, { max: maxTalks }),
  /** Sums of the day (UTC); `since` is later than its beginning where the ledger holds more than the router reads at its start. */
  today: object({
    since: date,
    turns: count,
    inputTokens: count,
    outputTokens: count,
    cost: dollars,
    /** Conversations that ended, by reason. */
    ended: record(count),
  }),
  /** The last hour, oldest first. */
  minutes: list(minute, { max: overviewMinutes }),
});
export type Overview = Static<typeof overview>;
