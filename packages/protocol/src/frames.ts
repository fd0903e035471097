import {
  conversationId,
  count,
  entry,
  line,
  name,
  reportedUsage,
  role,
  setting,
  someLimits,
} from './entry.ts';
import { maxCapacity, maxMembers, maxTextLength } from './limits.ts';
import { modelCalls } from './model-call.ts';
import { claimedName } from './name.ts';
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
import { endings, passReasons, policyNames, type RefusalCode, refusals } from './words.ts';

/** Chosen by the client and repeated in the answer. */
const ref = text({ min: 1, max: 64 });
const turnPlace = { conversation: conversationId, turn: count };
/** The number of the grant that is answered. When missing: the grant that the connection holds. */
const attempt = optional(integer(1, Number.MAX_SAFE_INTEGER));
/** W3C trace context, as in the header `traceparent`: which span of a trace the frame belongs to. Never stored. */
const trace = optional(text({ max: 55, pattern: /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/ }));

/** The frames of a `parley.v1` client. PROTOCOL.md §4 is the norm. */
const clientVariants = {
  register: {
    name: claimedName,
    token: optional(text({ max: 8_192 })),
    /** How many turns this replica takes at once. */
    capacity: optional(integer(1, maxCapacity)),
    /** The agent that it addresses when the targets of the agents form a ring (10.7). */
    target: optional(name),
    /** The model that it calls: the router enforces its rate and its price. */
    model: optional(text({ max: 200 })),
    /** Turns granted before the connection broke, on which this replica still works. */
    working: optional(list(object(turnPlace), { max: maxCapacity })),
    /** It keeps prompts and answers `prompt`. */
    prompts: optional(flag),
  },
  open: {
    ref,
    members: list(name, { min: 1, max: maxMembers }),
    first: optional(name),
    ...setting,
    /** The first message of the first speaker. It is appended with the opening. */
    opening: optional(line),
    policy: optional(oneOf(policyNames)),
    limits: optional(someLimits),
    /** True: the answer is the running conversation of the same opener and members, if there is one. */
    resume: optional(flag),
  },
  say: {
    conversation: conversationId,
    turn: optional(count),
    attempt,
    text: line,
    target: optional(name),
    /** The members that hear it; all when missing. */
    to: optional(list(name, { min: 1, max: maxMembers })),
    /** A vote to end the conversation. */
    done: optional(flag),
    usage: optional(reportedUsage),
    trace,
    ref: optional(ref),
  },
  bid: { ...turnPlace, attempt, score: integer(0, 100), usage: optional(reportedUsage), trace },
  /** A summary of the member's own view, to be kept in the ledger. */
  summary: { conversation: conversationId, through: count, text: line },
  join: { conversation: conversationId, history: optional(flag) },
  leave: { conversation: conversationId },
  pass: {
    ...turnPlace,
    attempt,
    reason: oneOf(passReasons),
    detail: optional(text({ max: 1_000 })),
    usage: optional(reportedUsage),
    /** With a failure: how long the model server asks to wait. */
    retryAfterMs: optional(count),
    trace,
  },
  chunk: { ...turnPlace, text: text({ max: maxTextLength }) },
  /** The answer to a `prompt` of the router: none where this replica has kept none of that turn. */
  prompt: { ref, calls: modelCalls },
  history: {
    conversation: conversationId,
    since: optional(count),
    /** The maximum number of entries after `since`. With a limit, later entries are not followed. */
    limit: optional(integer(1, Number.MAX_SAFE_INTEGER)),
    follow: optional(flag),
  },
  ping: {},
} as const;

export const clientFrame = union(clientVariants);
export type ClientFrame = UnionOf<typeof clientVariants>;

const message = text({ max: 1_000 });
export const refusalCode = oneOf(Object.keys(refusals) as RefusalCode[]);

/** What is left of the limits of a conversation. A missing field has no limit. */
const remaining = object({
  turns: optional(count),
  ms: optional(count),
  tokens: optional(number(0, Number.MAX_SAFE_INTEGER)),
  cost: optional(number(0, Number.MAX_SAFE_INTEGER)),
});

/**
 * What a grant leaves out: the entries with a seq above `since`, up to `through`. The current members, and the replica's own
 * role where the conversation gives it one, are stated instead.
 */
const omitted = object({
  since: count,
  through: count,
  members: list(name, { max: maxMembers }),
  role: optional(role),
});
export type Omitted = Static<typeof omitted>;

/** The frames of the router to a `parley.v1` client. PROTOCOL.md §5 is the norm. */
const routerVariants = {
  welcome: {
    name,
    router: text({ max: 64 }),
    heartbeatMs: count,
    maxFrameBytes: count,
    maxTextLength: count,
  },
  /** A grant: the right and the duty to answer with one `say` or `pass` within `deadlineMs`. */
  turn: {
    ...turnPlace,
    attempt: integer(1, Number.MAX_SAFE_INTEGER),
    /** `speak`: the answer is a message; `bid`: a bid for the floor. `speak` when missing. */
    wanted: optional(oneOf(['speak', 'bid'])),
    /** How many calls of the model the grant allows; no limit when missing. */
    calls: optional(integer(1, 1_000)),
    deadlineMs: count,
    maxOutputTokens: optional(count),
    remaining,
    trace,
    /** Missing when `entries` are all that this connection had not seen. */
    omitted: optional(omitted),
    /** The entries that this connection has not seen, oldest first; the first ever is `opened`. */
    entries: list(entry, { max: Number.MAX_SAFE_INTEGER }),
  },
  accepted: {
    ref: optional(ref),
    conversation: conversationId,
    turn: optional(count),
    seq: count,
    /** The answer to an `open` with `resume` that found a running conversation and opened none. */
    resumed: optional(flag),
  },
  entry: { conversation: conversationId, entry },
  chunk: { ...turnPlace, from: name, text: text({ max: maxTextLength }) },
  ended: { conversation: conversationId, reason: oneOf(endings), detail: optional(message) },
  refused: {
    code: refusalCode,
    message,
    retry: flag,
    ref: optional(ref),
    conversation: optional(conversationId),
    turn: optional(count),
  },
  draining: { graceMs: number(0, Number.MAX_SAFE_INTEGER) },
  /** An operator wants to read the calls of a model that a turn made. */
  prompt: { ref, ...turnPlace },
} as const;

export const routerFrame = union(routerVariants);
export type RouterFrame = UnionOf<typeof routerVariants>;
export type RouterFrameOf<T extends RouterFrame['type']> = Extract<RouterFrame, { type: T }>;
