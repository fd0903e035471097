import type { Check } from './check.ts';
import { agentChecks } from './checks/agent.ts';
import { connectionChecks } from './checks/connection.ts';
import { conversationChecks } from './checks/conversation.ts';
import { deliveryChecks } from './checks/delivery.ts';
import { grantChecks } from './checks/grants.ts';
import { httpChecks } from './checks/http.ts';
import { numberChecks } from './checks/numbers.ts';
import { plainChecks } from './checks/plain.ts';
import { restartChecks } from './checks/restart.ts';
import { watchingChecks } from './checks/watching.ts';
import type { Seen } from './client.ts';
import { type Subject, World } from './world.ts';

/** Everything that PROTOCOL.md says of a router and that can be seen from outside. */
export const checks: readonly Check[] = [
  ...connectionChecks,
  ...plainChecks,
  ...deliveryChecks,
  ...agentChecks,
  ...watchingChecks,
  ...grantChecks,
  ...conversationChecks,
  ...httpChecks,
  ...numberChecks,
  ...restartChecks,
];

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
