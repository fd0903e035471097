import type { Connection } from '../../socket/connection.ts';
import type { QueuedMessage } from './plain-message.ts';

/**
 * A client that sends frames but answers no ping would let these grow without bound. Beyond this number, messages wait in its
 * mailbox, which is bounded.
 */
const most = 16_384;
/** A ping is sent after this number of messages, or with the next tick. */
const pingEvery = 256;

interface Sent {
  readonly message: QueuedMessage;
  /** How many pings the connection had sent before the message: a pong to a later ping acknowledges it. */
  readonly pingsBefore: number;
}

/** Messages that were sent on one connection and not acknowledged by a pong to a later ping, in the order of sending. */
export class Unacknowledged {
  #sent: Sent[] = [];
  /** How many of them were sent after the newest ping. */
  #afterPing = 0;

  /** No further message may be sent before a ping is answered. */
  get isFull(): boolean {
    return this.#sent.length >= most;
  }

  get oldest(): QueuedMessage | undefined {
    return this.#sent[0]?.message;
  }

  get messages(): QueuedMessage[] {
    return this.#sent.map(({ message }) => message);
  }

  add(message: QueuedMessage, connection: Connection): void {
    this.#sent.push({ message, pingsBefore: connection.pings });
    this.#afterPing++;
    if (this.#afterPing >= pingEvery) this.ping(connection);
  }

  /** Asks for an acknowledgement of what was sent, at most once for each message. */
  ping(connection: Connection): void {
    if (this.#afterPing === 0) return;
    this.#afterPing = 0;
    connection.ping();
  }

  /** Removes what was sent before this ping, or everything. Returns the last message that it removed. */
  acknowledge(ping = Number.POSITIVE_INFINITY): QueuedMessage | undefined {
    const next = this.#sent.findIndex(({ pingsBefore }) => pingsBefore >= ping);
    const acknowledged = this.#sent.splice(0, next < 0 ? this.#sent.length : next);
    this.#afterPing = Math.min(this.#afterPing, this.#sent.length);
    return acknowledged.at(-1)?.message;
  }

  /** Removes and returns all messages, so that they can be sent again. */
  takeAll(): QueuedMessage[] {
    const { messages } = this;
    this.#sent = [];
    this.#afterPing = 0;
    return messages;
  }
}
