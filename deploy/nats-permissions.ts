import { writeFileSync } from 'node:fs';
import { permissionsCommand } from '@parley/router/ledger/nats-permissions';

/** The text of deploy/cluster/nats/permissions.conf: the user of the routers, for the stream of the default name. */
export const permissionsFile = `${permissionsCommand([], 'PARLEY')}\n`;

if (import.meta.main)
  writeFileSync(new URL('cluster/nats/permissions.conf', import.meta.url), permissionsFile);
