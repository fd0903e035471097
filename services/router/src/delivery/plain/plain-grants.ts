import type { Conversation } from '../../core/conversation.ts';

/** A turn that a plain client was given: the message that gave it the floor is its grant. */
export interface PlainGrant {
  readonly conversation: string;
  readonly name: string;
  readonly turn: number;
  /** Seq of the conversation when it was given: what the client has been sent goes up to here. */
  readonly seq: number;
  attempt: number;
  /** The message was sent on an earlier connection of the client and not again on this one. */
  readonly wasSentBefore: boolean;
  /** When this attempt began, by the steady clock. */
  grantedAt: number;
  /**
   * When the turn lapses, by the steady clock. Infinite in a conversation that a plain client opened, in which no agent waits.
   */
  deadline: number;
  /** The time until which the client may leave pings unanswered. */
  patientUntil: number;
}

/** The turns that were granted to plain clients. A client has at most one in each conversation. */
export class PlainGrants {
  readonly #byConversation = new Map<string, Map<string, PlainGrant>>();
  readonly #byName = new Map<string, Map<string, PlainGrant>>();

  /** Does not count turns that an operator takes in the seat of a client. */
  countIn({ id, seats }: Pick<Conversation, 'id' | 'seats'>): number {
    const names = this.#byConversation.get(id);
    let count = names?.size ?? 0;
    for (const name of seats.keys()) if (names?.has(name)) count--;
    return count;
  }

  at(conversation: string, name: string): PlainGrant | undefined {
    return this.#byConversation.get(conversation)?.get(name);
  }

  /** A copy, so that grants may end while it is read. */
  ofClient(name: string): readonly PlainGrant[] {
    return [...(this.#byName.get(name)?.values() ?? [])];
  }

  isPatientWith(name: string, now: number): boolean {
    for (const { patientUntil } of this.#byName.get(name)?.values() ?? [])
      if (now < patientUntil) return true;
    return false;
  }

  add(grant: PlainGrant): void {
    const { conversation, name } = grant;
    const names = this.#byConversation.get(conversation) ?? new Map<string, PlainGrant>();
    this.#byConversation.set(conversation, names.set(name, grant));
    const conversations = this.#byName.get(name) ?? new Map<string, PlainGrant>();
    this.#byName.set(name, conversations.set(conversation, grant));
  }

  end({ conversation, name }: PlainGrant): void {
    const names = this.#byConversation.get(conversation);
    names?.delete(name);
    if (names?.size === 0) this.#byConversation.delete(conversation);
    const conversations = this.#byName.get(name);
    conversations?.delete(conversation);
    if (conversations?.size === 0) this.#byName.delete(name);
  }
}
