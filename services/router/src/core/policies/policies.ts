import { addressed } from './addressed.ts';
import { mention } from './mention.ts';
import { moderator } from './moderator.ts';
import { open } from './open.ts';
import type { PolicyTable } from './policy.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { volunteer } from './volunteer.ts';

export const policies: PolicyTable = {
  addressed,
  open,
  'round-robin': roundRobin,
  random,
  moderator,
  mention,
  volunteer,
};
