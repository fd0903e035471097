import { type AgentPolicy, routerDecides } from './policy.ts';

/** The member that a message addresses owes a reply; the message has its addressee beside its text. */
export const addressed: AgentPolicy = routerDecides;
