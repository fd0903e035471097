import type { Entry, EntryOf } from '@parley/protocol';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import { mentioned } from '../../core/policies/mention.ts';
import { policies } from '../../core/policies/policies.ts';
import { agentReader, visible } from '../../core/visibility.ts';

/** What is read in front of an entry: an answer that was asked for longer ago is sent to its addressee alone. */
const context = { entries: 64, bytes: 1024 * 1024 };

/**
 * To whom a message is due besides its target: those that it names with `@`, and those that had asked the agent that answers. Read from
 * the entries alone, in their order, so that a router that starts finds what an earlier one owed.
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

  /** Who waits for an answer of whom, by the member that was asked. */
  get asked(): Map<string, Set<string>> {
    return this.#asked;
  }

  /** Reads the next entry. Returns the names to which it is due besides its target. */
  next(entry: Entry): readonly string[] {
    const named = entry.type === 'said' ? this.#named(entry) : [];
    const due = entry.type === 'said' ? this.#due(entry, named) : [];
    if ('floor' in entry && entry.floor) this.#gave(entry, entry.floor, named);
    return due;
  }

  /**
   * Whether the member is told the message when it is given its turn: by a digest of all that it has not heard, which it is sent
   * unless the message that gave the turn waits in its mailbox.
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
    // An agent tells what its answer took; a plain client cannot.
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

/** The recipients of what comes at `seq` and behind it. */
export const recipientsFrom = (
  conversations: Conversations,
  state: Conversation,
  seq: number,
): FurtherRecipients => {
  const recipients = new FurtherRecipients(state);
  for (const entry of conversations.newest(state.id, 0, context, seq - 1)) recipients.next(entry);
  return recipients;
};

/** Who waited for answers, by the member that was asked, before the entry `seq` of a running conversation. */
export const askedBefore = (
  conversations: Conversations,
  id: string,
  seq: number,
): Map<string, Set<string>> => {
  const state = conversations.get(id);
  return state ? recipientsFrom(conversations, state, seq).asked : new Map();
};
