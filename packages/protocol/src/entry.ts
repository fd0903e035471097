import { idPattern, maxMembers, maxTextLength, maxTokensOfAnswer } from './limits.ts';
import { nameShape } from './name.ts';
import {
  flag,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  type Static,
  text,
  type UnionOf,
  union,
} from './shape.ts';
import {
  admissions,
  endings,
  failureRules,
  lapseCauses,
  noteKinds,
  passReasons,
  pauseReasons,
  policyNames,
} from './words.ts';

export const name = nameShape;
export const line = text({ min: 1, max: maxTextLength });
export const conversationId = text({ min: 1, max: 64, pattern: idPattern });
export const count = integer(0, Number.MAX_SAFE_INTEGER);
const names = list(name, { max: maxMembers });
const detail = text({ max: 1_000 });

/** Tokens that an answer took, and those since the answer before. `estimated` when the model server did not report them. */
const usage = object({
  inputTokens: count,
  outputTokens: count,
  model: optional(text({ max: 200 })),
  estimated: optional(flag),
});
export type Usage = Static<typeof usage>;

/** The same in a frame of a peer. Bounded, so that the sum over all answers of a conversation is exact in JSON. */
const tokens = integer(0, maxTokensOfAnswer);
export const reportedUsage = object({
  inputTokens: tokens,
  outputTokens: tokens,
  model: optional(text({ max: 200 })),
  estimated: optional(flag),
});

const stopPhrases = list(text({ min: 1, max: 200 }), { max: 16 });
/** 0 to 1: the share of a message's word sequences that an earlier message contains. */
const share = number(0, 1);
const dollars = number(0, 1_000_000_000);

/** Optional limits. A missing one does not apply. */
const furtherLimits = {
  maxOutputTokens: optional(integer(1, 1_000_000)),
  /** Input and output tokens of the whole conversation, and of each agent in it. */
  maxTokens: optional(count),
  maxTokensPerAgent: optional(count),
  /** Dollars by the router's price table. A model without a price is not granted a turn under a money cap. */
  maxCost: optional(dollars),
  maxCostPerAgent: optional(dollars),
  /** Tokens and dollars of the whole conversation in any minute: beyond it the conversation is paused. */
  maxTokensPerMinute: optional(count),
  maxCostPerMinute: optional(dollars),
  /** How many members must vote `done` in a row; all of them when missing, 0 when agents may not end. */
  quorum: optional(count),
  /** Turns before votes and stop phrases count. */
  minTurns: optional(count),
  /** Members whose stop phrases count; all when missing. */
  stopSpeakers: optional(names),
  /** How long the floor waits for a member that is not connected. */
  absentMs: optional(count),
  /** How long it waits for all members to be connected before the first turn is granted. */
  gatherMs: optional(count),
  /** Messages with a larger `likeness` count as repetitions, which cause first a private nudge and then the ending. */
  maxRepetition: optional(share),
  /** Whether short goodbyes in a row count as a loop, which causes first a private nudge and then the ending. */
  farewells: optional(flag),
  /** Least time between two messages, for human readers. */
  paceMs: optional(integer(0, 3_600_000)),
} as const;

/** When a conversation stops by itself. A limit of 0 is no limit: a conversation without limits must ask for that. */
export const limits = object({
  maxTurns: count,
  maxDurationMs: count,
  stopPhrases,
  /** How often one turn is granted before `onFailure` applies. */
  maxAttempts: integer(1, 1_000),
  onFailure: oneOf(failureRules),
  turnDeadlineMs: integer(100, 3_600_000),
  ...furtherLimits,
});
export type Limits = Static<typeof limits>;

export const someLimits = object({
  maxTurns: optional(count),
  maxDurationMs: optional(count),
  stopPhrases: optional(stopPhrases),
  maxAttempts: optional(integer(1, 1_000)),
  onFailure: optional(oneOf(failureRules)),
  turnDeadlineMs: optional(integer(100, 3_600_000)),
  ...furtherLimits,
});

/** The persona and the model of a member, if the conversation gives them. Visible only to that member and to operators. */
export const role = object({
  name,
  persona: optional(text({ max: 16_000 })),
  model: optional(text({ max: 200 })),
});
export type Role = Static<typeof role>;

/** Messages of `from` are heard by `to` only, unless the message has a `to` itself. */
const hearing = object({ from: name, to: names });
export type Hearing = Static<typeof hearing>;

/** The settings of a conversation besides its members; the same in `open` and in `opened`. */
export const setting = {
  topic: optional(text({ max: 4_000 })),
  /** Under policy `moderator`: who picks the next speaker. */
  moderator: optional(name),
  cast: optional(list(role, { max: maxMembers })),
  hears: optional(list(hearing, { max: maxMembers })),
  /** `invited` when missing. */
  admission: optional(oneOf(admissions)),
  /** The seed of the policy `random` and of the agents. */
  seed: optional(count),
} as const;

/** By what an operator finds the conversation again, such as the batch that it belongs to. No member sees them. */
export const labels = list(text({ min: 1, max: 64 }), { max: 16 });

/** Every entry has its `seq`, which counts from 1 without a gap, and the time of the decision (ms since 1970). */
export const place = { seq: integer(1, Number.MAX_SAFE_INTEGER), at: number(0, Number.MAX_SAFE_INTEGER) };

/** The members that have the floor after the entry; several when several owe a reply. */
const floor = names;

/** What the answer to a grant cost, also when the turn was not taken. */
const spending = {
  usage: optional(usage),
  /** Dollars, by the router's price table. Earlier versions wrote larger numbers than a limit may have. */
  cost: optional(number(0, Number.MAX_SAFE_INTEGER)),
  /** How long the replica had the grant that it answered. The rest of the time since the floor was given, the turn waited. */
  tookMs: optional(count),
} as const;

/**
 * Digest of the request with an idempotency key that caused the entry. After a restart it shows whether a request with the same
 * key is the same request. No member sees it.
 */
const request = optional(text({ max: 64 }));

/** The members in `floor` are asked for bids, not for messages. */
const bidding = optional(flag);

/**
 * One record of the ledger. An entry records the result of a decision (the floor, the ending), so that reading an old ledger
 * needs no policy.
 */
const entryVariants = {
  opened: {
    ...place,
    by: name,
    members: names,
    policy: oneOf(policyNames),
    ...setting,
    labels: optional(labels),
    limits,
    request,
    floor,
  },
  /** The first own entry of a conversation that shares the entries of another one up to `parent.seq`. */
  forked: {
    ...place,
    by: name,
    parent: object({ conversation: conversationId, seq: count }),
    cast: optional(list(role, { max: maxMembers })),
    limits,
    request,
    floor,
    bidding,
  },
  said: {
    ...place,
    /** The turn that the message takes; missing for a message without a turn. */
    turn: optional(count),
    from: name,
    target: optional(name),
    /** The members that hear the message, besides the speaker; all members when missing. */
    to: optional(names),
    text: line,
    /** A vote to end the conversation. */
    done: optional(flag),
    ...spending,
    /** How much of the message is in earlier ones; only when the conversation limits repetition. */
    likeness: optional(share),
    /** The message is little more than a goodbye. */
    farewell: optional(flag),
    floor,
    bidding,
  },
  passed: {
    ...place,
    turn: count,
    from: name,
    reason: oneOf(passReasons),
    detail: optional(detail),
    ...spending,
    floor,
    bidding,
  },
  /** How much a member wants the floor, 0 (not at all) to 100. */
  bid: {
    ...place,
    turn: count,
    from: name,
    score: integer(0, 100),
    /** The member gave no bid: it failed, or was not connected. */
    failed: optional(oneOf(['failed', 'absent'])),
    ...spending,
    floor: optional(floor),
    bidding,
  },
  /** A grant ended without an answer. The member keeps the turn. */
  lapsed: {
    ...place,
    turn: count,
    from: name,
    cause: oneOf(lapseCauses),
    detail: optional(detail),
    /** How long the model server asks to wait. The turn is not granted before. */
    retryAfterMs: optional(count),
    ...spending,
  },
  /** A private text for the members in `to`. */
  noted: { ...place, by: name, to: names, kind: oneOf(noteKinds), text: line },
  /** A summary for the member's own view. `through`: the seq of the last entry that it covers. */
  summarised: { ...place, who: name, through: count, text: line },
  /** `history`: whether the new member sees earlier messages. */
  joined: { ...place, who: name, history: optional(flag) },
  left: { ...place, who: name, floor: optional(floor), bidding },
  /** An operator speaks in place of the member until `unseated`. */
  seated: { ...place, who: name, by: name },
  unseated: { ...place, who: name, by: name },
  /** The member has this persona and model from its next turn on. */
  recast: { ...place, by: name, role },
  /** `reason` and `detail`: why the router itself has paused it. */
  paused: { ...place, by: name, reason: optional(oneOf(pauseReasons)), detail: optional(detail) },
  /** `lines`: the number of turns after which the conversation is paused again. */
  resumed: { ...place, by: name, lines: optional(count) },
  ended: {
    ...place,
    reason: oneOf(endings),
    detail: optional(detail),
    by: optional(name),
    /** Members who were asked for an answer and have given none in the whole conversation. */
    unanswered: optional(names),
  },
} as const;

export const entry = union(entryVariants);
export type Entry = UnionOf<typeof entryVariants>;
export type EntryOf<T extends Entry['type']> = Extract<Entry, { type: T }>;

/**
 * The members that have the floor after the entry; undefined when the entry does not change the floor. A `bid` or a `left` without
 * `floor` removes its member from the floor `before`, so that the bids of a round need not repeat the remaining members.
 */
export const floorAfter = (entry: Entry, before: readonly string[]): readonly string[] | undefined => {
  if ('floor' in entry && entry.floor) return entry.floor;
  if (entry.type === 'bid') return before.filter((name) => name !== entry.from);
  return entry.type === 'left' ? before.filter((name) => name !== entry.who) : undefined;
};
