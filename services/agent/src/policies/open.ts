import { type AgentPolicy, routerDecides } from './policy.ts';

/** A member may speak without a turn; an agent speaks when a message addresses it. */
export const open: AgentPolicy = routerDecides;
