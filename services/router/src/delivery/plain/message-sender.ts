import type { EntryOf } from '@parley/protocol';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import type { Presence } from '../../presence/presence.ts';
import type { PlainClient } from '../../presence/replica.ts';
import type { Mailboxes } from '../mailbox/mailboxes.ts';
import type { DeliveryWatermarks } from './delivery-watermarks.ts';
import { type Digest, digestFor, type Heard } from './floor-digest.ts';
import { floorFrame, messageFrame, type QueuedMessage, queuedMessage } from './plain-message.ts';
import type { PlainTurns } from './plain-turns.ts';

export interface MessageSenderOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly mailboxes: Mailboxes;
  readonly watermarks: DeliveryWatermarks;
  readonly turns: PlainTurns;
  readonly maxAgeMs: number;
  /** The steady clock. */
  readonly now: () => number;
  /** Called when a message cannot be read from the ledger. */
  readonly onFailure: (error: unknown) => void;
}

/** A message as it was read for one client. */
interface Read {
  readonly entry: EntryOf<'said'>;
  readonly heard?: readonly Heard[] | undefined;
}

interface Sending extends Read {
  readonly client: PlainClient;
  readonly message: QueuedMessage;
  /** Missing when the conversation has ended. */
  readonly state: Conversation | undefined;
}

/** Sends messages and the floor to plain clients, or puts the messages into their mailboxes. */
export class MessageSender {
  readonly #options: MessageSenderOptions;
  delivered = 0;
  expired = 0;

  constructor(options: MessageSenderOptions) {
    this.#options = options;
  }

  /** Whether the client reads. Messages for a client that is silent or acknowledges nothing wait, as for a disconnected one. */
  isReading({ name, connection }: PlainClient): boolean {
    return connection.isOpen && !connection.isSilent && !this.#options.mailboxes.get(name)?.isBehind;
  }

  /** Sends the message now when the client reads and nothing waits for it; else the message waits in the mailbox. */
  deliver(state: Conversation, entry: EntryOf<'said'>, to: string, position: number): void {
    const { presence, mailboxes, watermarks } = this.#options;
    if (watermarks.isDelivered(to, position)) return;
    const message = queuedMessage(state.id, entry, position);
    const box = mailboxes.getOrCreate(to);
    const client = presence.plainClient(to);
    if (client && this.isReading(client) && !box.hasWaiting) {
      this.#send({ client, entry, message, state });
      return;
    }
    box.count(!presence.isReadElsewhere(to));
    box.put(message);
  }

  /** Sends what has waited in the mailbox of the client, if it reads. */
  catchUp(client: PlainClient): void {
    const box = this.#options.mailboxes.get(client.name);
    if (box?.hasWaiting && this.isReading(client)) this.sendAll(client, box.takeWaiting());
  }

  /** Sends messages that were taken from the mailbox and have not expired, in the order of each conversation. */
  sendAll(client: PlainClient, messages: readonly QueuedMessage[]): void {
    /** Sent earlier than their place in the order, or contained in a digest. */
    const done = new Set<QueuedMessage>();
    for (const message of messages) {
      if (done.has(message)) continue;
      done.add(message);
      if (!message.isDigest) {
        this.#sendRead(client, message, this.#entryOf(message));
        continue;
      }
      const others = messages.filter((one) => one.conversation === message.conversation && !done.has(one));
      for (const one of this.#sendDigestAgain(client, message, others)) done.add(one);
    }
  }

  /**
   * A digest is composed again, so it also contains later messages and replaces all digests of its conversation. Messages that
   * are older than its messages are sent before it; messages that it contains are not sent again. Returns all messages that are
   * settled by this.
   */
  #sendDigestAgain(
    client: PlainClient,
    message: QueuedMessage,
    others: readonly QueuedMessage[],
  ): readonly QueuedMessage[] {
    const done = others.filter(({ isDigest }) => isDigest);
    const read = this.#digestOf(client, message.conversation);
    if (read === 'nothing new') return done;
    const newest = read?.entry.seq ?? 0;
    const oldest = read?.heard?.[0]?.seq ?? newest;
    const singly = others.filter(({ isDigest }) => !isDigest);
    const older = singly.filter(({ seq }) => seq < oldest);
    for (const one of older) this.#sendRead(client, one, this.#entryOf(one));
    const isSent = this.#sendRead(client, message, read);
    const told = isSent ? singly.filter(({ seq }) => oldest <= seq && seq <= newest) : [];
    return [...done, ...older, ...told];
  }

  /** False when the message has expired or is held back. */
  #sendRead(client: PlainClient, message: QueuedMessage, read: Read | undefined): boolean {
    const { conversations, now, maxAgeMs } = this.#options;
    if (read && read.entry.at >= now() - maxAgeMs)
      return this.#send({ client, ...read, message, state: conversations.get(message.conversation) });
    this.expired++;
    return false;
  }

  /**
   * Sends the held messages of the conversation if they need not be held any longer: the turn may be granted, the client has
   * another turn, or the conversation has ended. Otherwise a later tick tries again.
   */
  release(conversation: string, name: string): void {
    const { conversations, presence, mailboxes, turns } = this.#options;
    const client = presence.plainClient(name);
    const box = mailboxes.get(name);
    if (!client || !box?.isHolding(conversation)) return;
    const state = conversations.get(conversation);
    if (!this.isReading(client)) turns.defer(conversation, name);
    else if (!state || !turns.holdsBack(state, name)) this.sendAll(client, box.takeHeld(conversation));
  }

  /** Grants the client its turn: with the held messages, or otherwise with a digest of all messages that it has not heard. */
  giveFloor(state: Conversation, name: string): void {
    const { conversations, presence, mailboxes, turns } = this.#options;
    const client = presence.plainClient(name);
    if (!client || !this.isReading(client)) return;
    const box = mailboxes.getOrCreate(name);
    this.sendAll(client, box.takeWaiting());
    this.sendAll(client, box.takeHeld(state.id));
    if (turns.isGiven(state, name)) return;
    const digest = digestFor(conversations, state, name);
    if (digest) return this.#sendDigest(client, state, digest);
    if (client.acks) client.connection.send(floorFrame(state));
    return turns.messageSent(state, name);
  }

  /**
   * Where members speak in turn: a conversation has ended, and the client is sent what it has not heard since its last message,
   * or behind `since`.
   */
  sendLast(client: PlainClient, id: string, since: number): void {
    const { conversations } = this.#options;
    const state = conversations.find(id);
    if (state)
      conversations.attempt(id, () => {
        const digest = digestFor(conversations, state, client.name, since);
        if (digest) this.#sendDigest(client, state, digest);
      });
  }

  #sendDigest(client: PlainClient, state: Conversation, { entry, heard }: Digest): void {
    const { conversations, watermarks } = this.#options;
    const message = queuedMessage(state.id, entry, watermarks.processed, true);
    const told = { ...entry, target: client.name };
    this.#send({ client, entry: told, message, state: conversations.get(state.id), heard });
  }

  /** False when the message is held back. */
  #send({ client, entry, message, state, heard }: Sending): boolean {
    const { mailboxes, turns } = this.#options;
    const { name, connection } = client;
    const box = mailboxes.getOrCreate(name);
    if (state && turns.holdsBack(state, name)) {
      box.hold(message);
      return false;
    }
    // Delivery follows the order of the ledger: earlier held messages go first.
    this.sendAll(client, box.takeHeld(message.conversation));
    const { from, target = name, text, seq } = entry;
    box.send(connection, message, messageFrame({ from, target, text, seq }, message.conversation, heard));
    this.delivered++;
    if (state) turns.messageSent(state, name);
    return true;
  }

  /** Undefined when the entry cannot be read. */
  #entryOf({ conversation, seq }: QueuedMessage): Read | undefined {
    return this.#guarded(() => {
      const [entry] = this.#options.conversations.entriesSince(conversation, seq - 1, 1);
      return entry?.type === 'said' ? { entry } : undefined;
    });
  }

  /** What the client has not heard by now. */
  #digestOf({ name }: PlainClient, id: string): Read | 'nothing new' | undefined {
    const { conversations } = this.#options;
    const state = conversations.find(id);
    if (!state) return undefined;
    return this.#guarded(() => {
      const digest = digestFor(conversations, state, name);
      return digest ? { entry: { ...digest.entry, target: name }, heard: digest.heard } : 'nothing new';
    });
  }

  #guarded<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#options.onFailure(error);
      return undefined;
    }
  }
}
