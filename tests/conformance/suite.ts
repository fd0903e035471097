import type { Check, Need } from './check.ts';
import { addresseeChecks } from './checks/addressees.ts';
import { agentChecks } from './checks/agent.ts';
import { connectionChecks } from './checks/connection.ts';
import { conversationChecks } from './checks/conversation.ts';
import { deliveryChecks } from './checks/delivery.ts';
import { endingChecks } from './checks/endings.ts';
import { grantChecks } from './checks/grants.ts';
import { httpChecks } from './checks/http.ts';
import { jwtChecks } from './checks/jwts.ts';
import { numberChecks } from './checks/numbers.ts';
import { plainChecks } from './checks/plain.ts';
import { plainTurnChecks } from './checks/plain-turns.ts';
import { policyChecks } from './checks/policies.ts';
import { requestFilterChecks } from './checks/request-filter.ts';
import { restartChecks } from './checks/restart.ts';
import { tokenChecks } from './checks/tokens.ts';
import { watchingChecks } from './checks/watching.ts';
import type { Seen } from './client.ts';
import { type Subject, World } from './world.ts';

/** Everything that PROTOCOL.md says of a router and that can be seen from outside. */
export const checks: readonly Check[] = [
  ...connectionChecks,
  ...plainChecks,
  ...plainTurnChecks,
  ...deliveryChecks,
  ...agentChecks,
  ...watchingChecks,
  ...grantChecks,
  ...conversationChecks,
  ...policyChecks,
  ...endingChecks,
  ...addresseeChecks,
  ...httpChecks,
  ...numberChecks,
  ...requestFilterChecks,
  ...tokenChecks,
  ...jwtChecks,
  ...restartChecks,
];

const has: Readonly<Record<Need, (subject: Subject) => boolean>> = {
  control: ({ control }) => control !== undefined,
  tokens: ({ token, peerToken, watcherToken }) =>
    token !== undefined && peerToken !== undefined && watcherToken !== undefined,
  'jwt-secret': ({ jwtSecret }) => jwtSecret !== undefined,
  'no-tokens': ({ token }) => token === undefined,
};
const lacks: Readonly<Record<Need, string>> = {
  control: 'needs a router that the suite may stop',
  tokens: 'needs the three tokens of a router that wants tokens',
  'jwt-secret': 'needs the secret that JWTs are signed with',
  'no-tokens': 'needs a router without tokens',
};

/** Why a check cannot be made of this router; undefined when it can. */
export const whyNot = ({ needs }: Check, subject: Subject): string | undefined =>
  needs === undefined || has[needs](subject) ? undefined : lacks[needs];

/** Whether no other check can use the router at the same time. */
export const stopsRouter = ({ needs }: Check): boolean => needs === 'control';

export const nothingSeen = (): Seen => ({ refusals: new Set(), closings: new Set(), entries: new Set() });

/** Rejects when the router at `subject` does not do what the check says. Leaves no connection behind. */
export const runCheck = async (one: Check, subject: Subject, seen: Seen = nothingSeen()): Promise<void> => {
  const world = new World(subject, seen);
  try {
    await one.run(world);
  } finally {
    await world.leave();
  }
};
