import type { EntryOf } from '@parley/protocol';
import type { Conversations } from '../conversations/conversations.ts';
import type { Conversation } from '../core/conversation.ts';
import type { Connection } from '../socket/connection.ts';
import { digestFor, type Heard } from './digest.ts';
import type { Mailbox } from './mailbox.ts';
import type { MailboxLimits } from './mailbox-quota.ts';
import { floorFrame, messageFrame, type PlainMessageEntry, plainMessage } from './plain-message.ts';
import type { PlainTurns } from './plain-turns.ts';

interface DeliveryOptions {
  readonly conversations: Conversations;
  readonly limits: MailboxLimits;
  onFailure(error: unknown): void;
  now(): number;
}

/** Sends plain clients what is theirs: messages, and the floor. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #turns: PlainTurns;
  delivered = 0;
  expired = 0;

  constructor(options: DeliveryOptions, turns: PlainTurns) {
    this.#options = options;
    this.#turns = turns;
  }

  /** Now, or where it would give a turn that may not be given yet, when it may. */
  send(
    box: Mailbox,
    connection: Connection,
    to: string,
    entry: EntryOf<'said'>,
    line: PlainMessageEntry,
    state: Conversation | undefined = this.#options.conversations.get(line.conversation),
    heard?: readonly Heard[],
  ): void {
    if (state && this.#turns.holds(state, to)) return box.hold(line);
    const target = entry.target ?? to;
    box.send(connection, line, messageFrame({ ...entry, target }, line.conversation, heard));
    this.delivered++;
    if (state) this.#turns.told(state, to);
  }

  /** Sends what has waited while the client was silent. */
  catchUp(name: string, box: Mailbox, now: number): void {
    const { reader } = box;
    if (reader && box.hasWaiting) this.sendAll(name, box, reader, box.empty(), now);
  }

  sendAll(
    name: string,
    box: Mailbox,
    connection: Connection,
    lines: readonly PlainMessageEntry[],
    now: number,
  ): void {
    for (const line of lines) {
      const entry = this.#entryOf(line);
      if (!entry || entry.at < now - this.#options.limits.maxAgeMs) this.expired++;
      else this.send(box, connection, name, entry, line);
    }
  }

  /** Gives the client the floor that it has: by what was held back for it, else by all that it has not heard. */
  giveFloor(state: Conversation, member: string, box: Mailbox, position: number): void {
    const { reader } = box;
    if (!reader) return;
    this.sendAll(member, box, reader, [...box.empty(), ...box.unhold(state.id)], this.#options.now());
    if (this.#turns.has(state, member)) return;
    const digest = digestFor(this.#options.conversations, state, member);
    if (!digest) {
      if (box.acks) reader.send(floorFrame(state));
      return this.#turns.told(state, member);
    }
    const line = plainMessage(state.id, digest.entry, position);
    this.send(box, reader, member, { ...digest.entry, target: member }, line, state, digest.heard);
  }
  #entryOf({ conversation, seq }: PlainMessageEntry): EntryOf<'said'> | undefined {
    try {
      const [entry] = this.#options.conversations.entriesSince(conversation, seq - 1, 1);
      return entry?.type === 'said' ? entry : undefined;
    } catch (error) {
      this.#options.onFailure(error);
      return undefined;
    }
  }
}
