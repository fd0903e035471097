import { defined } from '@parley/protocol';
import type { ConnectionReport } from '../presence/elsewhere.ts';
import type { Registered } from '../presence/registrations.ts';
import type { Breakers } from '../turns/breakers.ts';
import type { GrantTable } from '../turns/grants/grant-table.ts';
import type { AgentRecords } from './agent-records.ts';

export interface ConnectionReportOptions {
  readonly grants: Pick<GrantTable, 'countOf'>;
  readonly breakers: Pick<Breakers, 'stateOf'>;
  readonly agentRecords: Pick<AgentRecords, 'ofReplica'>;
  /** Whether messages wait for the plain client because it does not read. */
  readonly isBehind: (client: string) => boolean;
}

/** What a router reports to the others about a connection. */
export const connectionReport = (
  { grants, breakers, agentRecords, isBehind }: ConnectionReportOptions,
  { id, at, dialect, target, connection }: Registered,
): ConnectionReport => {
  const about = { id, at, ...defined({ target }) };
  if (dialect === 'plain' || 'acks' in connection)
    return { ...about, dialect: 'plain', ...(isBehind(connection.name) && { isBehind: true }) };
  const { turns, faults, meanMs, lastFault, since } = agentRecords.ofReplica(connection);
  return {
    ...about,
    dialect,
    capacity: connection.capacity,
    active: grants.countOf(connection),
    breaker: breakers.stateOf(connection),
    turns,
    faults,
    ...defined({ model: connection.model, since, meanMs: meanMs && Math.round(meanMs), lastFault }),
  };
};
