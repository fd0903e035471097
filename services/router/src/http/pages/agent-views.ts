import { type AgentView, defined, type ResponseBody, requestPath } from '@parley/protocol';
import type { ConnectionReport, ReplicaReport } from '../../presence/elsewhere.ts';
import type { Replica } from '../../presence/replica.ts';
import type { HttpRouter } from '../server/http-router.ts';
import { maxPageBytes } from './conversation-pages.ts';

/** Replicas of one agent that a view has. */
const maxReplicas = 100;

const workOf = ({
  turns,
  faults,
  meanMs,
  lastFault,
}: Pick<ReplicaReport, 'turns' | 'faults' | 'meanMs' | 'lastFault'>) => ({
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

/** The display name of a router, or its id when the name is unknown. */
const routerNames = ({ cluster }: HttpRouter): ((id: string) => string) => {
  const names = new Map([...(cluster?.routers() ?? [])].map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? id;
};

/** A replica that is connected to another router, as that router reports it. */
const remoteReplica = (report: ConnectionReport, router: string): ReplicaView | undefined => {
  if (report.dialect === 'plain') return undefined;
  const { model, since, capacity, active, breaker } = report;
  return { router, ...defined({ model, since }), capacity, active, breaker, ...workOf(report) };
};

/** Replicas of this router first, then those of the others, by router. */
const replicasOf = (router: HttpRouter, name: string): readonly ReplicaView[] => {
  const { presence, cluster } = router;
  const nameOf = routerNames(router);
  const here = [...presence.replicasOf(name)].map((replica) => ({
    ...(cluster && { router: nameOf(cluster.self) }),
    ...replicaView(router, replica),
  }));
  const there = (presence.union?.elsewhere.holders(name) ?? []).flatMap(({ router: id, connections }) =>
    connections.flatMap((report) => remoteReplica(report, nameOf(id)) ?? []),
  );
  return [...here, ...there];
};

/** The router to which the plain client is connected, where there are several. */
const routerOf = (router: HttpRouter, name: string): string | undefined => {
  const { presence, cluster } = router;
  if (!cluster) return undefined;
  const [holder] = presence.union?.elsewhere.holders(name) ?? [];
  return routerNames(router)(presence.plainClient(name) || !holder ? cluster.self : holder.router);
};

const agentView = (router: HttpRouter, name: string): AgentView => {
  const { presence, agentRecords } = router;
  const record = agentRecords.ofName(name);
  const about = { name, ...workOf(record) };
  if (presence.isPlain(name))
    return {
      ...about,
      ...{ dialect: 'plain', replicas: 1, capacity: 0, active: 0 },
      ...defined({ router: routerOf(router, name) }),
    };
  const each = replicasOf(router, name);
  return {
    ...about,
    dialect: each.length > 0 || presence.isOrWasAgent(name) ? 'v1' : 'plain',
    replicas: each.length,
    capacity: each.reduce((all, { capacity }) => all + capacity, 0),
    active: each.reduce((all, { active }) => all + active, 0),
    ...(each.length > 0 ? { each: each.slice(0, maxReplicas) } : defined({ awaySince: record.since })),
  };
};

/** A page of names after `after`, sorted: connected names, and with `away` also names that were connected before. */
export const agentPageOf = (
  router: HttpRouter,
  { limit, after, away }: { readonly limit: number; readonly after: string; readonly away: boolean },
): ResponseBody<'agents'> => {
  const { presence, agentRecords } = router;
  const names = [...presence.names(), ...(away ? agentRecords.away() : [])].filter((name) => name > after);
  const page: AgentView[] = [];
  let bytes = 0;
  for (const name of names.sort((one, other) => (one < other ? -1 : 1)).slice(0, limit)) {
    const view = agentView(router, name);
    page.push(view);
    bytes += JSON.stringify(view).length;
    if (bytes >= maxPageBytes) break;
  }
  const next = requestPath('agents', {
    query: { limit, after: page.at(-1)?.name, ...(away && { away: '1' }) },
  });
  return { agents: page, ...(names.length > page.length && { next }) };
};
