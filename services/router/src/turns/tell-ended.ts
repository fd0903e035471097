import type { Entry, RouterFrame } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { agentReader, visible } from '../core/visibility.ts';
import type { Replica } from './grant.ts';

/** Tells everybody who was granted a turn in the conversation, or opened it, how it has ended. */
export const tellEnded = (
  state: Conversation,
  entries: readonly Entry[],
  replicasOf: (name: string) => Iterable<Replica>,
): void => {
  const ended = entries.at(-1);
  if (ended?.type !== 'ended') return;
  const { id, members } = state;
  for (const member of members) {
    const shown = visible(state, agentReader(member), ended);
    if (shown?.type !== 'ended') continue;
    const { reason, detail } = shown;
    const frame: RouterFrame = { type: 'ended', conversation: id, reason, ...(detail && { detail }) };
    for (const replica of replicasOf(member))
      if (replica.sent.delete(id)) replica.connection.send(JSON.stringify(frame));
  }
};
