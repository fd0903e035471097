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

/** The same as a peer tells it: so few that all the answers of a conversation together are a number that JSON carries exactly. */
const tokens = integer(0, maxTokensOfAnswer);
export const toldUsage = object({
  inputTokens: tokens,
  outputTokens: tokens,
  model: optional(text({ max: 200 })),
  estimated: optional(flag),
});

const stopPhrases = list(text({ min: 1, max: 200 }), { max: 16 });
/** 0 to 1: the share of a message's word sequences that an earlier message contains. */
const share = number(0, 1);
const dollars = number(0, 1_000_000_000);

/** Limits that need not be set. A missing one does not hold. */
const furtherLimits = {
  maxOutputTokens: optional(integer(1, 1_000_000)),
  /** Input and output tokens of the whole conversation, and of each agent in it. */
  maxTokens: optional(count),
  maxTokensPerAgent: optional(count),
  /** Dollars by the router's price table. A model without a price is not granted a turn under a money cap. */
  maxCost: optional(dollars),
  maxCostPerAgent: optional(dollars),
  /** How many members must vote `done` in a row; all of them when missing, 0 when agents may not end. */
  quorum: optional(count),
  /** Turns before votes and stop phrases count. */
  minTurns: optional(count),
  /** Members whose stop phrases count; all when missing. */
  stopSpeakers: optional(names),
  /** How long the floor waits for a member of whom no replica is connected. */
  absentMs: optional(count),
  /** How long it waits for all members to be connected before the first turn is granted. */
  gatherMs: optional(count),
  /** Messages with a larger `likeness` count as repetition: a private nudge first, then the ending. */
  maxRepetition: optional(share),
  /** Whether short goodbyes in a row count as a loop: a private nudge first, then the ending. */
  farewells: optional(flag),
  /** Least time between two messages, for human readers. */
  paceMs: optional(integer(0, 3_600_000)),
} as const;

/** When a conversation stops by itself. A limit of 0 is none: running for ever must be asked for. */
export const limits = object({
  maxTurns: count,
  maxDurationMs: count,
  stopPhrases,
  /** How often one turn is offered before `onFailure` applies. */
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

/** Who a member is, when the conversation says so. Shown to that member and to operators only. */
export const role = object({
  name,
  persona: optional(text({ max: 16_000 })),
  model: optional(text({ max: 200 })),
});
export type Role = Static<typeof role>;

/** Messages of `from` are heard by `to` only, unless they have a `to` of their own. */
const hearing = object({ from: name, to: names });
export type Hearing = Static<typeof hearing>;

/** What a conversation is besides its members; the same in `open` and in `opened`. */
export const setting = {
  topic: optional(text({ max: 4_000 })),
  /** Under policy `moderator`: who picks the next speaker. */
  moderator: optional(name),
  cast: optional(list(role, { max: maxMembers })),
  hears: optional(list(hearing, { max: maxMembers })),
  /** `invited` when missing. */
  admission: optional(oneOf(admissions)),
  /** What the random policy and the agents draw from. */
  seed: optional(count),
} as const;

/** Every entry says where it stands (`seq` counts from 1 without a gap) and when it was decided (ms). */
export const place = { seq: integer(1, Number.MAX_SAFE_INTEGER), at: number(0, Number.MAX_SAFE_INTEGER) };

/** Who has the floor once the entry stands: one name, or several where several owe a reply. */
const floor = names;

/** What the answer to a grant cost, whatever became of the turn. */
const spending = {
  usage: optional(usage),
  /** Dollars, by the router's price table. Earlier versions wrote more than a limit may say. */
  cost: optional(number(0, Number.MAX_SAFE_INTEGER)),
} as const;

/**
 * Digest of the request with an idempotency key that led to the entry, so that after a restart another request with that
 * key is known as another. No member sees it.
 */
const request = optional(text({ max: 64 }));

/** The floor is offered, not given: each of its names answers with a bid. */
const bidding = optional(flag);

/**
 * One record of the ledger. An entry records what was decided (the floor, the ending), not what to decide
 * from: reading an old ledger never asks a policy again.
 */
const entryVariants = {
  opened: {
    ...place,
    by: name,
    members: names,
    policy: oneOf(policyNames),
    ...setting,
    limits,
    request,
    floor,
  },
  /** The first entry of its own in a conversation that shares another's entries up to `at`. */
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
    /** The turn that it takes; missing for a message without a turn. */
    turn: optional(count),
    from: name,
    target: optional(name),
    /** The members that hear it, besides the speaker; all when missing. */
    to: optional(names),
    text: line,
    /** A vote to end the conversation. */
    done: optional(flag),
    ...spending,
    /** How much of it stood in earlier messages; where the conversation limits that. */
    likeness: optional(share),
    /** It does little more than say goodbye. */
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
    /** The member gave no score: it failed, or was not connected. */
    failed: optional(oneOf(['failed', 'absent'])),
    ...spending,
    floor: optional(floor),
    bidding,
  },
  /** A granted turn that came back without an answer. The member keeps the turn. */
  lapsed: {
    ...place,
    turn: count,
    from: name,
    cause: oneOf(lapseCauses),
    detail: optional(detail),
    /** How long the model server asks to wait: the turn is not granted before. */
    retryAfterMs: optional(count),
    ...spending,
  },
  /** A private text for the members in `to`. */
  noted: { ...place, by: name, to: names, kind: oneOf(noteKinds), text: line },
  /** `through`: what the text sums up, for this member's own view. */
  summarised: { ...place, who: name, through: count, text: line },
  /** `history`: whether it sees what was said before. */
  joined: { ...place, who: name, history: optional(flag) },
  left: { ...place, who: name, floor: optional(floor), bidding },
  /** An operator speaks in a member's place, until the seat is given back. */
  seated: { ...place, who: name, by: name },
  unseated: { ...place, who: name, by: name },
  /** From its next turn on, the member is this. */
  recast: { ...place, by: name, role },
  paused: { ...place, by: name },
  /** `lines`: how many turns until it is paused again. */
  resumed: { ...place, by: name, lines: optional(count) },
  ended: { ...place, reason: oneOf(endings), detail: optional(detail), by: optional(name) },
} as const;

export const entry = union(entryVariants);
export type Entry = UnionOf<typeof entryVariants>;
export type EntryOf<T extends Entry['type']> = Extract<Entry, { type: T }>;

/**
 * Who has the floor once the entry stands; undefined when it changes nothing. A `bid` or a `left` without `floor` takes
 * the one whom it is about from the floor `before`, so that a round of bids does not write down who is left again and again.
 */
export const floorAfter = (entry: Entry, before: readonly string[]): readonly string[] | undefined => {
  if ('floor' in entry && entry.floor) return entry.floor;
  if (entry.type === 'bid') return before.filter((name) => name !== entry.from);
  return entry.type === 'left' ? before.filter((name) => name !== entry.who) : undefined;
};
