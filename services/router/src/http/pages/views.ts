import { type ConversationView, defined, type Entry, groupOfEnding } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import { agentReader, membershipOf, visible } from '../../core/visibility.ts';
import type { Router } from '../../router.ts';

/** The entries that a member or former member may see; undefined when the name has never been a member. */
export const entriesAs = (
  state: Conversation,
  name: string,
  entries: readonly Entry[],
): readonly Entry[] | undefined => {
  if (membershipOf(state, name) === 'outsider') return undefined;
  const reader = agentReader(name);
  return entries.map((entry) => visible(state, reader, entry)).filter((entry) => entry !== undefined);
};

type ViewedRouter = Pick<Router, 'presence' | 'grants' | 'waitReasons'>;

export const conversationView = (router: ViewedRouter, state: Conversation): ConversationView => ({
  id: state.id,
  status: state.status.state,
  by: state.by,
  members: state.members,
  policy: state.policy,
  limits: state.limits,
  turns: state.turnsTaken,
  seq: state.seq,
  floor: state.floor.map(({ member }) => member),
  waiting: router.waitReasons.of(state),
  votes: state.votes,
  usage: state.spent,
  usageBy: Object.fromEntries(state.spentBy),
  admission: state.admission,
  cast: [...state.cast.values()],
  hears: Object.fromEntries(state.hears),
  seats: Object.fromEntries(state.seats),
  startedAt: state.startedAt,
  pausedMs: state.pausedMs,
  ...(state.status.state === 'paused' && { pausedAt: state.status.since }),
  ...defined({
    topic: state.topic,
    moderator: state.moderator,
    parent: state.parent,
    labels: state.labels,
  }),
  ...(state.status.state === 'ended' && {
    endedAt: state.status.at,
    ending: {
      reason: state.status.reason,
      group: groupOfEnding[state.status.reason],
      ...defined({ detail: state.status.detail, unanswered: state.status.unanswered }),
    },
  }),
});
