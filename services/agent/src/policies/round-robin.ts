import { type AgentPolicy, routerDecides } from './policy.ts';

/** The members speak in their order. */
export const roundRobin: AgentPolicy = routerDecides;
