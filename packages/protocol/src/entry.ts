import { maxMembers, maxTextLength, namePattern } from './limits.ts';
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
import { endings, failureRules, lapseCauses, passReasons, policyNames } from './words.ts';

export const name = text({ min: 1, max: 64, pattern: namePattern });
export const line = text({ min: 1, max: maxTextLength });
export const conversationId = text({ min: 1, max: 64, pattern: namePattern });
export const count = integer(0, Number.MAX_SAFE_INTEGER);
const names = list(name, { max: maxMembers });
const detail = text({ max: 1_000 });

/** Tokens that a reply cost. `estimated` when the model server did not report them. */
export const usage = object({
  inputTokens: count,
  outputTokens: count,
  model: optional(text({ max: 200 })),
  estimated: optional(flag),
});
export type Usage = Static<typeof usage>;

/** When a conversation stops by itself. A limit of 0 is none: running for ever must be asked for. */
export const limits = object({
  maxTurns: count,
  maxDurationMs: count,
  stopPhrases: list(text({ min: 1, max: 200 }), { max: 16 }),
  /** How often one turn is offered before `onFailure` applies. */
  maxAttempts: integer(1, 1_000),
  onFailure: oneOf(failureRules),
  turnDeadlineMs: integer(100, 3_600_000),
  maxOutputTokens: optional(integer(1, 1_000_000)),
});
export type Limits = Static<typeof limits>;

export const someLimits = object({
  maxTurns: optional(count),
  maxDurationMs: optional(count),
  stopPhrases: optional(list(text({ min: 1, max: 200 }), { max: 16 })),
  maxAttempts: optional(integer(1, 1_000)),
  onFailure: optional(oneOf(failureRules)),
  turnDeadlineMs: optional(integer(100, 3_600_000)),
  maxOutputTokens: optional(integer(1, 1_000_000)),
});

/** Every entry says where it stands (`seq` counts from 1 without a gap) and when it was decided (ms). */
export const place = { seq: integer(1, Number.MAX_SAFE_INTEGER), at: number(0, Number.MAX_SAFE_INTEGER) };

/** Who has the floor once the entry stands: one name, or several where several owe a reply. */
const floor = names;

/**
 * One line of the ledger. An entry records what was decided (the floor, the ending), not what to decide
 * from: reading an old ledger never asks a policy again.
 */
export const entryVariants = {
  opened: {
    ...place,
    by: name,
    members: names,
    policy: oneOf(policyNames),
    topic: optional(text({ max: 4_000 })),
    limits,
    floor,
  },
  said: {
    ...place,
    /** The turn that it takes; none for a line that nobody was waiting for. */
    turn: optional(count),
    from: name,
    target: optional(name),
    text: line,
    usage: optional(usage),
    floor,
  },
  passed: { ...place, turn: count, from: name, reason: oneOf(passReasons), detail: optional(detail), floor },
  /** A granted turn that came back without an answer. The member keeps the turn. */
  lapsed: { ...place, turn: count, from: name, cause: oneOf(lapseCauses), detail: optional(detail) },
  joined: { ...place, who: name },
  left: { ...place, who: name, floor },
  paused: { ...place, by: name },
  resumed: { ...place, by: name },
  ended: { ...place, reason: oneOf(endings), detail: optional(detail), by: optional(name) },
} as const;

export const entry = union(entryVariants);
export type Entry = UnionOf<typeof entryVariants>;
export type EntryOf<T extends Entry['type']> = Extract<Entry, { type: T }>;
