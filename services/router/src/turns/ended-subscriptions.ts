import type { Entry, RouterFrame } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { agentReader, visible } from '../core/visibility.ts';
import type { Replica } from '../presence/replica.ts';

/** Which replicas are sent `ended` (PROTOCOL §5): those that opened the conversation or were granted a turn in it. */
export class EndedSubscriptions {
  readonly #conversations = new WeakMap<Replica, Set<string>>();

  add(replica: Replica, conversation: string): void {
    const conversations = this.#conversations.get(replica);
    if (conversations) conversations.add(conversation);
    else this.#conversations.set(replica, new Set([conversation]));
  }

  remove(replica: Replica, conversation: string): void {
    this.#conversations.get(replica)?.delete(conversation);
  }

  /** Sends the ending to `replicas`, all of one member, as far as they subscribed and the member may see it. */
  send(state: Conversation, ended: Entry, member: string, replicas: Iterable<Replica>): void {
    const { id } = state;
    let text: string | undefined;
    for (const replica of replicas) {
      if (!this.#conversations.get(replica)?.delete(id)) continue;
      text ??= this.#frameFor(state, ended, member);
      if (text !== undefined) replica.connection.send(text);
    }
  }

  #frameFor(state: Conversation, ended: Entry, member: string): string | undefined {
    const shown = visible(state, agentReader(member), ended);
    if (shown?.type !== 'ended') return undefined;
    const { reason, detail } = shown;
    const frame: RouterFrame = {
      type: 'ended',
      conversation: state.id,
      reason,
      ...(detail && { detail }),
    };
    return JSON.stringify(frame);
  }
}
