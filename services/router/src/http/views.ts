import { type AgentView, type ConversationView, defined, type Entry } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { agentReader, standingOf, visible } from '../core/visibility.ts';
import type { Router } from '../router.ts';
import { waitsOf } from '../turns/wait-reasons.ts';

/** The entries that a member or former member may see; undefined when the name has never been a member. */
export const entriesAs = (
  state: Conversation,
  name: string,
  entries: readonly Entry[],
): readonly Entry[] | undefined => {
  if (standingOf(state, name) === 'outsider') return undefined;
  const reader = agentReader(name);
  return entries.map((entry) => visible(state, reader, entry)).filter((entry) => entry !== undefined);
};

type ViewedRouter = Pick<Router, 'grants' | 'mailboxes'>;

export const conversationView = (router: ViewedRouter, state: Conversation): ConversationView => ({
  id: state.id,
  status: state.status.state,
  by: state.by,
  members: state.members,
  policy: state.policy,
  limits: state.limits,
  turns: state.lines,
  seq: state.seq,
  floor: state.floor.map(({ member }) => member),
  waiting: waitsOf(router, state),
  votes: state.votes,
  usage: state.spent,
  admission: state.admission,
  seats: Object.fromEntries(state.seats),
  startedAt: state.startedAt,
  ...defined({ topic: state.topic, moderator: state.moderator, parent: state.parent }),
  ...(state.status.state === 'ended' && {
    endedAt: state.status.at,
    ending: { reason: state.status.reason, ...defined({ detail: state.status.detail }) },
  }),
});

export const agentViews = ({ grants, mailboxes }: ViewedRouter): AgentView[] => {
  const agents = [...grants.names()].map((name): AgentView => {
    const replicas = [...grants.replicasOf(name)];
    const sum = (of: (replica: (typeof replicas)[number]) => number) =>
      replicas.reduce((all, one) => all + of(one), 0);
    return {
      name,
      dialect: 'v1',
      replicas: replicas.length,
      capacity: sum((one) => one.capacity),
      active: sum((one) => one.grants.size),
    };
  });
  const plain = mailboxes
    .names()
    .map((name): AgentView => ({ name, dialect: 'plain', replicas: 1, capacity: 0, active: 0 }));
  return [...agents, ...plain].sort((a, b) => (a.name < b.name ? -1 : 1));
};
