import type { Connection } from '../../socket/connection.ts';
import type { QueuedMessage } from '../plain/plain-message.ts';
import { Unacknowledged } from '../plain/unacknowledged.ts';
import type { MailboxQuota } from './mailbox-quota.ts';

const inLedgerOrder = (messages: QueuedMessage[]): QueuedMessage[] =>
  messages.sort((one, other) => one.position - other.position);

/** The messages that one plain client has not received or not acknowledged, as positions in the ledger, in order. */
export class Mailbox {
  readonly #name: string;
  readonly #quota: MailboxQuota;
  /** Messages that wait until the client is connected and reads, the oldest first. */
  #waiting: QueuedMessage[] = [];
  /** By conversation: messages that are held until the turn that they give may be granted. */
  readonly #held = new Map<string, QueuedMessage[]>();
  readonly #unacknowledged = new Unacknowledged();
  /** Position of the newest message that the client has acknowledged. */
  #acknowledged = 0;
  /** Up to this position the client has acknowledged all its messages. */
  #complete = 0;
  #isCounted = true;

  constructor(name: string, quota: MailboxQuota) {
    this.#name = name;
    this.#quota = quota;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** The number of unacknowledged messages is at its maximum, so further messages wait. */
  get isBehind(): boolean {
    return this.#unacknowledged.isFull;
  }

  /** Position of the oldest message that the client is still to receive or to acknowledge. */
  get oldestPosition(): number | undefined {
    let oldest: number | undefined;
    for (const message of [this.#unacknowledged.oldest, this.#waiting[0], ...this.#heldMessages()])
      if (message && (oldest === undefined || message.position < oldest)) oldest = message.position;
    return oldest;
  }

  get messages(): QueuedMessage[] {
    return [...this.#waiting, ...this.#heldMessages(), ...this.#unacknowledged.messages];
  }

  put(message: QueuedMessage): void {
    this.#waiting.push(message);
    if (this.#isCounted) this.#reserve(message);
  }

  /**
   * Whether waiting messages count against the quota. They do not while another router delivers them: then they are kept here
   * only until that router has delivered them or has died.
   */
  count(isCounted: boolean): void {
    if (isCounted === this.#isCounted) return;
    this.#isCounted = isCounted;
    if (isCounted) for (const message of this.#waiting) this.#reserve(message);
    else this.#release(this.#waiting);
  }

  /** Another router has delivered the messages up to this position. */
  passed(position: number): void {
    const isOver = (message: QueuedMessage) => message.position <= position;
    if (!this.#waiting.some(isOver)) return;
    if (this.#isCounted) this.#release(this.#waiting.filter(isOver));
    this.#waiting = this.#waiting.filter((message) => !isOver(message));
  }

  /** Removes and returns the waiting digests, which another router will deliver. That router has the messages itself. */
  takeDigests(): QueuedMessage[] {
    const waiting = this.takeWaiting();
    for (const message of waiting) if (!message.isDigest) this.put(message);
    return waiting.filter(({ isDigest }) => isDigest);
  }

  /**
   * Another router has delivered to the client until now. Of the messages up to `processed`, only `pending` are still to be
   * delivered.
   */
  inherit(pending: readonly QueuedMessage[], processed: number): void {
    const later = this.takeWaiting().filter(({ position }) => position > processed);
    for (const message of inLedgerOrder([...pending, ...later])) this.put(message);
  }

  /** Holds the message until the turn that it gives may be granted. */
  hold(message: QueuedMessage): void {
    const { conversation } = message;
    const held = this.#held.get(conversation);
    if (held) held.push(message);
    else this.#held.set(conversation, [message]);
    this.#reserve(message);
  }

  /** Whether messages of the conversation are held. */
  isHolding(conversation: string): boolean {
    return this.#held.has(conversation);
  }

  /** Removes and returns the held messages of the conversation. */
  takeHeld(conversation: string): QueuedMessage[] {
    const messages = this.#held.get(conversation) ?? [];
    this.#held.delete(conversation);
    this.#release(messages);
    return messages;
  }

  /** Removes and returns the waiting messages. */
  takeWaiting(): QueuedMessage[] {
    return this.#remove(this.#waiting.length);
  }

  /** Drops waiting messages that are older than `oldestAt`, or of a removed conversation. Returns their number. */
  expire(oldestAt: number, removed: ReadonlySet<string>): number {
    const first = this.#waiting.findIndex(({ at }) => at >= oldestAt);
    const expired = this.#remove(first === -1 ? this.#waiting.length : first).length;
    if (removed.size === 0) return expired;
    const waiting = this.takeWaiting();
    for (const message of waiting) if (!removed.has(message.conversation)) this.put(message);
    return expired + waiting.length - this.#waiting.length;
  }

  send(connection: Connection, message: QueuedMessage, frame: string): void {
    connection.send(frame);
    this.#unacknowledged.add(message, connection);
  }

  ping(connection: Connection): void {
    this.#unacknowledged.ping(connection);
  }

  /**
   * Acknowledges the messages that were sent before this ping; all messages when `ping` is missing. Returns the position up to
   * which the client has all its messages, if it has advanced. It stays before a held message, because a restart looks for
   * pending messages after it.
   */
  acknowledge(ping?: number): number | undefined {
    const last = this.#unacknowledged.acknowledge(ping);
    if (last) this.#acknowledged = Math.max(this.#acknowledged, last.position);
    let complete = this.#acknowledged;
    for (const { position } of this.#heldMessages()) complete = Math.min(complete, position - 1);
    if (complete <= this.#complete) return undefined;
    this.#complete = complete;
    return complete;
  }

  /** The client has disconnected and had received everything that was sent: held messages wait like all others. */
  disconnected(): void {
    this.#waitAgain([]);
  }

  /** The connection broke: unacknowledged messages wait again, in the order of the ledger, like all others. */
  connectionBroke(): void {
    const unacknowledged = this.#unacknowledged.takeAll();
    for (const message of unacknowledged) this.#reserve(message);
    this.#waitAgain(unacknowledged);
  }

  #waitAgain(sent: readonly QueuedMessage[]): void {
    this.count(true);
    this.#waiting = inLedgerOrder([...sent, ...this.#waiting, ...this.#heldMessages()]);
    this.#held.clear();
  }

  #heldMessages(): QueuedMessage[] {
    return this.#held.size === 0 ? [] : [...this.#held.values()].flat();
  }

  #remove(count: number): QueuedMessage[] {
    const removed = this.#waiting.splice(0, count);
    if (this.#isCounted) this.#release(removed);
    return removed;
  }

  #reserve({ from, bytes }: QueuedMessage): void {
    this.#quota.take(this.#name, from, bytes);
  }

  #release(messages: readonly QueuedMessage[]): void {
    for (const { from, bytes } of messages) this.#quota.release(this.#name, from, bytes);
  }
}
