import type { RouterFrame } from '@parley/protocol';
import type { Conversation } from './core/conversation.ts';
import type { Replica } from './grant.ts';

/** Tells everybody who was granted a turn in the conversation, or opened it, how it has ended. */
export const tellEnded = (
  { id, members, status }: Conversation,
  replicasOf: (name: string) => Iterable<Replica>,
): void => {
  if (status.state !== 'ended') return;
  const { reason, detail } = status;
  const frame: RouterFrame = { type: 'ended', conversation: id, reason, ...(detail && { detail }) };
  const text = JSON.stringify(frame);
  for (const member of members) {
    for (const replica of replicasOf(member)) if (replica.sent.delete(id)) replica.connection.send(text);
  }
};
