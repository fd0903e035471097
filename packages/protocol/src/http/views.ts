import { conversationId, count, entry, labels, limits, name, role } from '../entry.ts';
import { maxMembers, maxTextLength } from '../limits.ts';
import { modelCalls } from '../model-call.ts';
import { flag, list, number, object, oneOf, optional, record, type Static, text } from '../shape.ts';
import { admissions, endingGroups, endings, lapseCauses, policyNames, waitReasons } from '../words.ts';
import { controlBodies } from './control.ts';

const names = list(name, { max: maxMembers });
/** Milliseconds since 1970. */
const date = number(0, Number.MAX_SAFE_INTEGER);

/** Tokens and dollars. */
const spending = object({
  inputTokens: count,
  outputTokens: count,
  cost: number(0, Number.MAX_SAFE_INTEGER),
});

/** A conversation as the HTTP interface shows it. */
export const conversationView = object({
  id: conversationId,
  status: oneOf(['running', 'paused', 'ended']),
  by: name,
  members: names,
  policy: oneOf(policyNames),
  topic: optional(text({ max: 4_000 })),
  limits,
  /** Turns taken so far, by a message or by a pass. */
  turns: count,
  /** Seq of the last entry. */
  seq: count,
  /** The members that have the floor. */
  floor: names,
  /** Members of `floor` whose turn has not been granted yet, each with the reason. */
  waiting: record(oneOf(waitReasons)),
  /** The members that voted to end it since the last message without a vote. */
  votes: names,
  /** Sums over all answers so far; `cost` in dollars. */
  usage: spending,
  /** The same for each member that spent something. */
  usageBy: record(spending),
  moderator: optional(name),
  admission: oneOf(admissions),
  /** Persona and model of members, where the conversation gives them. */
  cast: list(role, { max: maxMembers }),
  labels: optional(labels),
  /** Member → who hears its messages, where that is not every member. */
  hears: record(names),
  /** Member whose seat is taken → the operator that speaks in its place. */
  seats: record(name),
  /** The conversation from which this one was forked, and the last entry that they share. */
  parent: optional(object({ conversation: conversationId, seq: count })),
  startedAt: date,
  /** How long it was paused, without the present pause, and when the present pause began. */
  pausedMs: count,
  pausedAt: optional(date),
  endedAt: optional(date),
  ending: optional(
    object({
      reason: oneOf(endings),
      group: optional(oneOf(endingGroups)),
      detail: optional(text({ max: 1_000 })),
      unanswered: optional(names),
    }),
  ),
});
export type ConversationView = Static<typeof conversationView>;

/** A turn that an agent did not answer, or answered with a failure. */
const agentFault = object({
  at: date,
  cause: oneOf(lapseCauses),
  conversation: conversationId,
  detail: optional(text({ max: 1_000 })),
});
export type AgentFault = Static<typeof agentFault>;

/** What an agent or a replica has done since the router started. Missing from routers before 0.2. */
const work = {
  /** Turns that it answered without a failure. */
  turns: optional(count),
  faults: optional(count),
  /** From grant to answer: a moving average, in which the newest turn has a share of a fifth. */
  meanMs: optional(count),
  lastFault: optional(agentFault),
} as const;

const routerName = text({ max: 255 });

const replicaView = object({
  /** The router to which it is connected, where there are several. */
  router: optional(routerName),
  /** The model that it says it uses. */
  model: optional(text({ max: 200 })),
  since: optional(date),
  capacity: count,
  active: count,
  /** `open`: it failed too often and is granted nothing for a time; `trial`: it is granted one turn. */
  breaker: oneOf(['closed', 'open', 'trial']),
  ...work,
});

/** A name that is connected, or was. */
export const agentView = object({
  name,
  dialect: oneOf(['plain', 'v1']),
  /** Of a plain client: the router to which it is connected, where there are several. */
  router: optional(routerName),
  replicas: count,
  /** Turns that its replicas take at once, and those that they have now; both 0 for a plain client. */
  capacity: count,
  active: count,
  ...work,
  /** Its replicas, the oldest connection first, at most 100. */
  each: optional(list(replicaView, { max: 100 })),
  /** When its last connection was lost. Missing while it is connected. */
  awaySince: optional(date),
});
export type AgentView = Static<typeof agentView>;

/** What a share link shows, and until when. */
const shared = object({ conversation: conversationId, expiresAt: date });

/** A share link of a conversation. Its token is told once, when it is made. */
const shareView = object({
  /** Names the link, and is no secret. */
  share: text({ min: 1, max: 64 }),
  by: name,
  madeAt: date,
  expiresAt: date,
  revokedAt: optional(date),
  revokedBy: optional(name),
});
export type ShareView = Static<typeof shareView>;
export const shareList = object({ conversation: conversationId, shares: list(shareView, { max: 10_000 }) });
export type ShareList = Static<typeof shareList>;
export const newShare = object({
  conversation: conversationId,
  share: text({ min: 1, max: 64 }),
  token: text({ min: 1, max: 200 }),
  expiresAt: date,
  /** This router needs no token, so the link keeps no one out. */
  open: flag,
});
export type NewShare = Static<typeof newShare>;
export const revokedShare = object({ conversation: conversationId, share: text({ min: 1, max: 64 }) });
export type RevokedShare = Static<typeof revokedShare>;

/** The role of the token of the request, and the names for which it may register (patterns with a final `*`). */
export const identityView = object({
  role: oneOf(['agent', 'observer', 'operator']),
  names: list(text({ min: 1, max: 64 }), { max: Number.MAX_SAFE_INTEGER }),
  /** The token is that of a share link, and reads this conversation only. */
  share: optional(shared),
});

/** Characters of a message that are shown around a text that was searched. */
export const maxExcerpt = 160;

/** Path and query of the next page. Missing on the last page. */
const next = optional(text({ max: 1_000 }));
const many = { max: Number.MAX_SAFE_INTEGER } as const;

export const agentPage = object({ agents: list(agentView, many), next });
export const conversationList = object({
  conversations: list(conversationView, many),
  /** With `scope=messages`, by conversation: the first message with the text, where the title does not have it. */
  found: optional(record(object({ seq: count, from: name, text: text({ max: maxExcerpt }) }))),
  /** Conversations in the ledger, whatever the query asks for. */
  total: count,
  next,
});
export type ConversationList = Static<typeof conversationList>;
/** Where searched words were said. */
export type FoundMessage = NonNullable<ConversationList['found']>[string];
export const conversationPage = object({ conversation: conversationView, entries: list(entry, many), next });
export type ConversationPage = Static<typeof conversationPage>;

/** The calls of a model that led to an entry, oldest first. */
export const promptView = object({
  conversation: conversationId,
  seq: count,
  from: name,
  turn: count,
  calls: modelCalls,
});
export type PromptView = Static<typeof promptView>;

/** The scenarios that come with this version; `opening` is the body with which each is opened. */
export const scenarioList = object({
  scenarios: list(
    object({
      name: text({ max: 100 }),
      title: text({ max: 200 }),
      about: text({ max: 2_000 }),
      opening: controlBodies.open,
    }),
    many,
  ),
});

/** The answer to an action: the conversation and the seq of its entry. */
export const actionResult = object({ conversation: conversationId, seq: count });
export type ActionResult = Static<typeof actionResult>;

/**
 * The `data` of each kind of server-sent event, by its `event`. The `id` of an `entry` is its position in the whole ledger.
 * `chunk` and `agents` have no position: a reader that is behind does not get them.
 */
export const eventData = {
  entry: object({ conversation: conversationId, entry }),
  /** A part of a message that is still being written. */
  chunk: object({
    conversation: conversationId,
    turn: count,
    from: name,
    text: text({ max: maxTextLength }),
    /** The offset of the text in the message. Missing in routers before 0.2. */
    offset: optional(count),
  }),
  /** A name has connected or disconnected. */
  agents: object({}),
} as const;
export type EventData<T extends keyof typeof eventData> = Static<(typeof eventData)[T]>;
