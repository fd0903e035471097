import { type AgentView, defined, type ResponseBody, requestPath } from '@parley/protocol';
import type { AgentRecord } from '../../activity/agent-records.ts';
import type { Replica } from '../../presence/replica.ts';
import type { HttpRouter } from '../server/http-router.ts';

/** Replicas of one agent that a view has. */
const maxReplicas = 100;

const workOf = ({ turns, faults, meanMs, lastFault }: AgentRecord) => ({
  turns,
  faults,
  ...defined({ meanMs: meanMs && Math.round(meanMs), lastFault }),
});

type ReplicaView = NonNullable<AgentView['each']>[number];

const replicaView = ({ grants, breakers, agentRecords }: HttpRouter, replica: Replica): ReplicaView => {
  const record = agentRecords.ofReplica(replica);
  return {
    ...defined({ model: replica.model, since: record.since }),
    capacity: replica.capacity,
    active: grants.countOf(replica),
    breaker: breakers.stateOf(replica),
    ...workOf(record),
  };
};

const agentView = (router: HttpRouter, name: string): AgentView => {
  const { presence, agentRecords } = router;
  const record = agentRecords.ofName(name);
  const about = { name, ...workOf(record) };
  const isPlain = presence.plainClient(name) !== undefined;
  if (isPlain) return { ...about, dialect: 'plain', replicas: 1, capacity: 0, active: 0 };
  const each = [...presence.replicasOf(name)].map((replica) => replicaView(router, replica));
  return {
    ...about,
    dialect: each.length > 0 || presence.isOrWasAgent(name) ? 'v1' : 'plain',
    replicas: each.length,
    capacity: each.reduce((all, { capacity }) => all + capacity, 0),
    active: each.reduce((all, { active }) => all + active, 0),
    ...(each.length > 0 ? { each: each.slice(0, maxReplicas) } : defined({ awaySince: record.since })),
  };
};

/** A page of the names after `after`, in their order: those that are connected, and with `away` those that were. */
export const agentPageOf = (
  router: HttpRouter,
  { limit, after, away }: { readonly limit: number; readonly after: string; readonly away: boolean },
): ResponseBody<'agents'> => {
  const { presence, agentRecords } = router;
  const names = [...presence.names(), ...(away ? agentRecords.away() : [])].filter((name) => name > after);
  const page = names.sort((one, other) => (one < other ? -1 : 1)).slice(0, limit);
  const next = requestPath('agents', {
    query: { limit, after: page.at(-1), ...(away && { away: '1' }) },
  });
  return {
    agents: page.map((name) => agentView(router, name)),
    ...(names.length > limit && { next }),
  };
};
