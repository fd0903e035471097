import { randomBytes } from 'node:crypto';

/** 64 random bits: unique also among routers that do not ask each other. */
export const newConversationId = (): string => `c${randomBytes(8).toString('hex')}`;
