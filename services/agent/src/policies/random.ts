import { type AgentPolicy, routerDecides } from './policy.ts';

/** The router draws the next speaker from the seed of the conversation. */
export const random: AgentPolicy = routerDecides;
