import type { Entry, EntryOf } from '@parley/protocol';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import { mentioned } from '../../core/policies/mention.ts';
import { policies } from '../../core/policies/policies.ts';
import { agentReader, visible } from '../../core/visibility.ts';

/** How much is read before an entry. An answer to an older question is sent to its addressee only. */
const context = { entries: 64, bytes: 1024 * 1024 };

/**
 * The recipients of a message other than its target: members that it names with `@`, and members that had asked the answering
 * agent. Computed from the entries alone, in order, so that a router that starts finds what an earlier one had not delivered.
 */
export class FurtherRecipients {
  readonly #conversation: Conversation;
  /** The members that have a turn; true where a message with the member as its target gave it. */
  #floor: ReadonlyMap<string, boolean> = new Map();
  /** By member: seq of its own last message. */
  readonly #spoke = new Map<string, number>();
  readonly #asked = new Map<string, Set<string>>();

  /** `conversation`: its newest state, for members and policy. */
  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** The members that wait for an answer, by the member that they asked. */
  get asked(): Map<string, Set<string>> {
    return this.#asked;
  }

  /** Reads the next entry. Returns its recipients other than its target. */
  next(entry: Entry): readonly string[] {
    const named = entry.type === 'said' ? this.#named(entry) : [];
    const due = entry.type === 'said' ? this.#due(entry, named) : [];
    if ('floor' in entry && entry.floor) this.#gave(entry, entry.floor, named);
    return due;
  }

  /**
   * Whether the member receives the message in the digest with which it gets its turn. A member gets a digest unless the
   * message that gave it the turn waits in its mailbox.
   */
  isInDigest(name: string, seq: number): boolean {
    return this.#floor.get(name) === false && (this.#spoke.get(name) ?? 0) < seq;
  }

  #named(entry: EntryOf<'said'>): readonly string[] {
    const { mentionsGiveTurns } = policies[this.#conversation.policy];
    return mentionsGiveTurns && entry.target === undefined ? mentioned(this.#conversation, entry) : [];
  }

  #due(entry: EntryOf<'said'>, named: readonly string[]): readonly string[] {
    const { from, target, turn, usage, seq } = entry;
    this.#spoke.set(from, seq);
    // An agent reports the usage of its answer; a plain client cannot.
    const asked = turn === undefined || usage === undefined ? undefined : this.#asked.get(from);
    if (turn !== undefined) this.#asked.delete(from);
    const waiting = asked && (target === undefined || asked.has(target)) ? [...asked] : [];
    return [...new Set([...named, ...waiting])].filter(
      (name) =>
        name !== target &&
        name !== from &&
        visible(this.#conversation, agentReader(name), entry) !== undefined,
    );
  }

  #gave(entry: Entry, floor: readonly string[], named: readonly string[]): void {
    const { from, target } = entry.type === 'said' ? entry : { from: undefined, target: undefined };
    const before = this.#floor;
    this.#floor = new Map(
      floor.map((name) => {
        const had = name === from ? undefined : before.get(name);
        if (from !== undefined && (name === target || named.includes(name) || had === undefined))
          this.#asked.set(name, (this.#asked.get(name) ?? new Set()).add(from));
        return [name, had ?? name === target];
      }),
    );
  }
}

/** The recipients of the entries from `seq` on. */
export const recipientsFrom = (
  conversations: Conversations,
  state: Conversation,
  seq: number,
): FurtherRecipients => {
  const recipients = new FurtherRecipients(state);
  for (const entry of conversations.newest(state.id, 0, context, seq - 1)) recipients.next(entry);
  return recipients;
};

/** The members that waited for answers before the entry `seq` of a running conversation, by the member that they asked. */
export const askedBefore = (
  conversations: Conversations,
  id: string,
  seq: number,
): Map<string, Set<string>> => {
  const state = conversations.get(id);
  return state ? recipientsFrom(conversations, state, seq).asked : new Map();
};
