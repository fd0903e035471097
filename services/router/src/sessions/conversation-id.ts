import { randomBytes } from 'node:crypto';

/** Unguessable enough to be unique among routers that do not ask each other. */
export const newConversationId = (): string => `c${randomBytes(8).toString('hex')}`;
