import type { Entry, RouterFrame } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import { agentReader, visible } from '../../core/visibility.ts';

/** The `ended` frame (PROTOCOL §5) for the replicas of one name, as text; undefined when the name may not see the ending. */
export const endedFrame = (state: Conversation, ended: Entry, name: string): string | undefined => {
  const shown = visible(state, agentReader(name), ended);
  if (shown?.type !== 'ended') return undefined;
  const { reason, detail } = shown;
  const frame: RouterFrame = {
    type: 'ended',
    conversation: state.id,
    reason,
    ...(detail && { detail }),
  };
  return JSON.stringify(frame);
};
