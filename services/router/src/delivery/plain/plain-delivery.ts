import type { Entry, EntryOf } from '@parley/protocol';
import { type CapacityLimit, type Full, nothingReserved } from '../../conversations/capacity.ts';
import type { Commit, Conversations } from '../../conversations/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import { mentioned } from '../../core/policies/mention.ts';
import { policies } from '../../core/policies/policies.ts';
import { agentReader, visible } from '../../core/visibility.ts';
import type { Presence, PresenceChange } from '../../presence/presence.ts';
import type { PlainClient } from '../../presence/replica.ts';
import type { Mailboxes } from '../mailbox/mailboxes.ts';
import { AwaitedAnswers } from './awaited-answers.ts';
import type { DeliveryWatermarks } from './delivery-watermarks.ts';
import { askedBefore } from './further-recipients.ts';
import type { MessageSender } from './message-sender.ts';
import { endedFrame, isAddressed } from './plain-message.ts';
import type { PlainOffers } from './plain-offers.ts';
import { type PlainTurns, turnOf } from './plain-turns.ts';
import { UntoldEndings } from './untold-endings.ts';

export interface PlainDeliveryOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly mailboxes: Mailboxes;
  readonly watermarks: DeliveryWatermarks;
  readonly turns: PlainTurns;
  readonly sender: MessageSender;
  readonly offers: PlainOffers;
  readonly maxAgeMs: number;
}

/**
 * Delivers to plain clients, at least once (PROTOCOL §3.6). A message counts as delivered when a later ping is answered or the
 * client closes its connection; after any other end of the connection it is sent again. Memory holds only the positions of
 * messages; their text is read from the ledger.
 */
export class PlainDelivery implements CapacityLimit {
  readonly #options: PlainDeliveryOptions;
  readonly #awaited: AwaitedAnswers;
  readonly #endings = new UntoldEndings();
  /** Conversations that retention removed since the last tick. */
  #removed = new Set<string>();

  constructor(options: PlainDeliveryOptions) {
    this.#options = options;
    this.#awaited = new AwaitedAnswers((id, seq) => askedBefore(options.conversations, id, seq));
  }

  /** How many messages expired before they were delivered. */
  get expired(): number {
    return this.#options.sender.expired;
  }

  /**
   * A message to a client that does not read, or whose turn may not be given yet, reserves mailbox quota, until it waits in the
   * mailbox or was not written.
   */
  take(state: Conversation, entries: readonly Entry[]): Full | (() => void) {
    const message = policies[state.policy].allowsUnsolicited ? entries.find(isAddressed) : undefined;
    if (!message || this.#needsNoQuota(state, message)) return nothingReserved;
    const { from, target, text } = message;
    const bytes = Buffer.byteLength(text);
    const { quota } = this.#options.mailboxes;
    const full = quota.refusal(target, from, bytes);
    if (full !== undefined) return { code: 'mailbox-full', message: full };
    quota.take(target, from, bytes);
    return () => quota.release(target, from, bytes);
  }

  onPresence(change: PresenceChange): void {
    if (change.type === 'replica-joined') this.#becameAgent(change.replica.name);
    else if (change.type === 'plain-joined') this.#joined(change.client);
    else if (change.type === 'plain-left') this.#left(change.client, change.orderly);
    else if (change.type === 'elsewhere-changed') this.elsewhereChanged(change.name);
  }

  /** The connections of the name at other routers have changed. */
  elsewhereChanged(name: string): void {
    const { presence, mailboxes } = this.#options;
    if (presence.isAgent(name)) this.#becameAgent(name);
    else mailboxes.get(name)?.count(!presence.isReadElsewhere(name));
  }

  /** Other routers have delivered up to these positions: messages that wait here up to them must not be sent again. */
  deliveredElsewhere(moved: Iterable<readonly [string, number]>): void {
    const { mailboxes, watermarks } = this.#options;
    for (const name of watermarks.learned(moved)) mailboxes.get(name)?.passed(watermarks.upTo(name));
  }

  /**
   * A pong to the ping of this number acknowledges what was sent before that ping. A pong of a connection that was taken over
   * says nothing about what the new one was sent.
   */
  ponged(client: PlainClient, ping: number): void {
    const { presence, mailboxes } = this.#options;
    if (presence.plainClient(client.name) !== client) return;
    this.#delivered(client, mailboxes.get(client.name)?.acknowledge(ping));
    this.#catchUp(client);
  }

  onCommit(commit: Commit): void {
    const { before, after, entries, position } = commit;
    this.#options.watermarks.processedUpTo(position);
    if (policies[after.policy].allowsUnsolicited) {
      if (!before) this.#awaited.opened(after.id);
      this.#deliverAll(commit);
    }
    if (after.status.state !== 'ended') return;
    this.#awaited.ended(after.id);
    this.#sendEnded(after, entries);
  }

  #deliverAll({ after, entries, position }: Commit): void {
    for (const [index, entry] of entries.entries()) {
      if (entry.type !== 'said') continue;
      const at = position - (entries.length - 1 - index);
      const target = isAddressed(entry) ? entry.target : undefined;
      if (target !== undefined) this.#deliver(after, entry, target, at);
      const told = this.#deliverNamedAgain(after, entry, at);
      this.#deliverAwaited(after, entry, target, at, told);
      this.#known(entry.from);
      for (const { member } of after.floor) this.#known(member);
    }
  }

  /**
   * A client that takes part has a watermark from then on. After a restart, a name with a watermark is known as a plain client,
   * so that messages are found of which it is a recipient but not the target.
   */
  #known(name: string): void {
    const { presence, mailboxes, watermarks } = this.#options;
    if (watermarks.has(name) || !presence.plainClient(name)) return;
    const pending = mailboxes.get(name)?.oldestPosition ?? watermarks.processed + 1;
    watermarks.deliveredTo(name, pending - 1);
  }

  /** Asks for acknowledgements, drops expired messages, and writes watermarks. To be called every second. */
  tick(now: number): void {
    const { presence, mailboxes, sender, maxAgeMs } = this.#options;
    for (const [name, box] of mailboxes.all()) {
      const client = presence.plainClient(name);
      if (client) {
        box.ping(client.connection);
        this.#catchUp(client);
        continue;
      }
      sender.expired += box.expire(now - maxAgeMs, this.#removed);
      if (!box.hasWaiting) mailboxes.delete(name);
    }
    this.#removed = new Set();
    this.save();
  }

  /**
   * Conversations with messages that a known client has not received: retention keeps them. A client is known when it has
   * registered since the router started, or has a watermark. A message to any other name keeps no conversation.
   */
  neededConversations(): Set<string> {
    const { presence, mailboxes, watermarks } = this.#options;
    return mailboxes.conversationsFor((name) => presence.wasConnected(name) || watermarks.has(name));
  }

  /** Retention removed the conversation: the messages of it that still wait expire. */
  conversationRemoved(conversation: string): void {
    this.#removed.add(conversation);
  }

  /** Writes the watermarks. */
  save(): void {
    const { watermarks, mailboxes } = this.#options;
    watermarks.save(mailboxes.oldestPosition);
  }

  #joined(client: PlainClient): void {
    const { mailboxes, sender, offers } = this.#options;
    const box = mailboxes.getOrCreate(client.name);
    box.count(true);
    sender.sendAll(client, box.takeWaiting());
    offers.offerAll(client.name);
  }

  #left(client: PlainClient, orderly: boolean): void {
    const { mailboxes, turns } = this.#options;
    const { name } = client;
    const box = mailboxes.get(name);
    if (orderly) this.#delivered(client, box?.acknowledge());
    if (orderly) box?.disconnected();
    else box?.connectionBroke();
    turns.takeBack(name);
    if (!box?.hasWaiting) mailboxes.delete(name);
  }

  /**
   * The name has become that of an agent. An agent gets messages with its turns, so the messages that waited for the plain
   * client are dropped.
   */
  #becameAgent(name: string): void {
    const { mailboxes, watermarks } = this.#options;
    const box = mailboxes.get(name);
    if (!box) return;
    box.takeWaiting();
    mailboxes.delete(name);
    watermarks.deliveredTo(name, watermarks.processed);
  }

  #delivered({ name }: PlainClient, upTo: number | undefined): void {
    if (upTo !== undefined) this.#options.watermarks.deliveredTo(name, upTo);
  }

  #deliver(state: Conversation, entry: EntryOf<'said'>, to: string, position: number): void {
    const { presence, watermarks, sender } = this.#options;
    if (presence.isAgent(to)) watermarks.deliveredToAgent(to, position);
    else sender.deliver(state, entry, to, position);
  }

  /**
   * Delivers a text to plain clients that it names with `@` and that already have a turn. The text gives them no new turn, so
   * no digest contains it. It is sent like an addressed message, if the mailbox has capacity. Returns their names.
   */
  #deliverNamedAgain(state: Conversation, entry: EntryOf<'said'>, position: number): readonly string[] {
    if (!policies[state.policy].mentionsGiveTurns || entry.target !== undefined) return [];
    const { presence, mailboxes, turns, sender } = this.#options;
    const bytes = Buffer.byteLength(entry.text);
    const told = mentioned(state, entry).filter((name) => {
      const had = turnOf(state, name)?.since ?? entry.seq;
      const isTold = turns.isGiven(state, name) || mailboxes.get(name)?.isHolding(state.id);
      if (had >= entry.seq || !isTold || !presence.plainClient(name)) return false;
      if (!visible(state, agentReader(name), entry)) return false;
      return mailboxes.quota.refusal(name, entry.from, bytes) === undefined;
    });
    for (const name of told) sender.deliver(state, entry, name, position);
    return told;
  }

  /** Delivers the answer of an agent to all connected clients that asked it, also when it names another addressee or none. */
  #deliverAwaited(
    state: Conversation,
    entry: EntryOf<'said'>,
    target: string | undefined,
    position: number,
    told: readonly string[],
  ): void {
    const { from, seq, turn } = entry;
    const { presence } = this.#options;
    if (turn !== undefined && presence.isAgent(from)) {
      const asked = this.#awaited.answered(state.id, seq, from);
      const others = target === undefined || asked.has(target) ? asked : [];
      for (const name of others) {
        const hears = visible(state, agentReader(name), entry) !== undefined;
        if (name !== target && hears && !told.includes(name) && presence.isPlain(name))
          this.#deliver(state, entry, name, position);
      }
    }
    for (const { member, since } of state.floor)
      if ((member === target || since === seq) && presence.isAgent(member))
        this.#awaited.asked(state.id, seq, from, member);
  }

  /** Sends the last messages first, including held ones. The frame `ended` is for clients that registered with `ack`. */
  #sendEnded(state: Conversation, entries: readonly Entry[]): void {
    const { presence, turns } = this.#options;
    const inTurn = !policies[state.policy].allowsUnsolicited;
    const left = entries.flatMap((entry) => (entry.type === 'left' ? [entry.who] : []));
    for (const member of [...state.members, ...left]) {
      const client = presence.plainClient(member);
      if (!client) continue;
      const frame = client.acks ? endedFrame(state, member, entries) : undefined;
      const since = inTurn ? turns.deliveredUpTo(state, member) : undefined;
      this.#endings.add(client, { conversation: state.id, frame, since });
      this.#catchUp(client);
    }
  }

  /** Sends what has waited for the client, if it reads: messages, then the endings of their conversations. */
  #catchUp(client: PlainClient): void {
    const { sender } = this.#options;
    if (!sender.isReading(client)) return;
    sender.catchUp(client);
    for (const { conversation, frame, since } of this.#endings.take(client)) {
      sender.release(conversation, client.name);
      if (since !== undefined) sender.sendLast(client, conversation, since);
      if (frame !== undefined) client.connection.send(frame);
    }
  }

  /** At most one reply of an agent comes with each turn of the addressee, so its number is bounded without a quota. */
  #needsNoQuota(
    state: Conversation,
    { target, turn }: EntryOf<'said'> & { readonly target: string },
  ): boolean {
    const { presence, mailboxes, turns, sender } = this.#options;
    const client = presence.plainClient(target);
    const isSentNow = client && sender.isReading(client) && !mailboxes.get(target)?.hasWaiting;
    if (isSentNow && !turns.mustWait(state, target)) return true;
    if (presence.isReadElsewhere(target)) return true;
    return presence.isAgent(target) || (turn !== undefined && presence.isOrWasAgent(target));
  }
}
