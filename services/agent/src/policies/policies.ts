import type { PolicyName } from '@parley/protocol';
import { addressed } from './addressed.ts';
import { mention } from './mention.ts';
import { moderator } from './moderator.ts';
import { open } from './open.ts';
import type { AgentPolicy } from './policy.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { volunteer } from './volunteer.ts';

/** One file and one line for each policy; the compiler demands a line for each name of the protocol. */
export const policies: Readonly<Record<PolicyName, AgentPolicy>> = {
  addressed,
  open,
  'round-robin': roundRobin,
  random,
  moderator,
  mention,
  volunteer,
};

/** The policy of a conversation that names none. */
export const usualPolicy: PolicyName = 'addressed';
