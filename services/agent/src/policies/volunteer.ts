import { type AgentPolicy, routerDecides } from './policy.ts';

/** Every member bids, and the highest bid speaks. A grant says whether it asks for a bid or for a message. */
export const volunteer: AgentPolicy = routerDecides;
