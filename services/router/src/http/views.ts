import type { Entry } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { agentReader, standingOf, visible } from '../core/visibility.ts';
import type { Router } from '../router.ts';
import { waitsOf } from '../turns/wait-reasons.ts';

/** Entries as a member or former member may see them; undefined when the name never was one. */
export const entriesAs = (
  state: Conversation,
  name: string,
  entries: readonly Entry[],
): readonly Entry[] | undefined => {
  if (standingOf(state, name) === 'outsider') return undefined;
  const reader = agentReader(name);
  return entries.map((entry) => visible(state, reader, entry)).filter((entry) => entry !== undefined);
};

/** A conversation as the HTTP interface shows it. */
export const conversationView = (router: Router, state: Conversation) => ({
  id: state.id,
  status: state.status.state,
  by: state.by,
  members: state.members,
  policy: state.policy,
  topic: state.topic,
  limits: state.limits,
  turns: state.lines,
  seq: state.seq,
  floor: state.floor.map(({ member }) => member),
  /** Who of them has not been given the turn yet, and why. */
  waiting: waitsOf(router, state),
  votes: state.votes,
  usage: state.spent,
  moderator: state.moderator,
  admission: state.admission,
  seats: Object.fromEntries(state.seats),
  parent: state.parent,
  startedAt: state.startedAt,
  ...(state.status.state === 'ended' && {
    endedAt: state.status.at,
    ending: { reason: state.status.reason, detail: state.status.detail },
  }),
});

export interface AgentView {
  readonly name: string;
  readonly dialect: 'plain' | 'v1';
  readonly replicas: number;
  readonly capacity: number;
  readonly active: number;
}

export const agentViews = ({ grants, mailboxes }: Router): AgentView[] => {
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
