import type { Connection } from '../socket/connection.ts';
import type { MailboxQuota } from './mailbox-quota.ts';
import type { PlainMessageEntry } from './plain-message.ts';

/** A ping goes out after so many messages. */
const pingEvery = 256;

interface Sent {
  readonly line: PlainMessageEntry;
  /** How many pings the connection had sent before it: a pong to a later one confirms it. */
  readonly after: number;
}

/** What one plain client is still to get: the places of messages, in the order of the ledger. */
export class Mailbox {
  connection: Connection | undefined;
  /** The client wants to be told of more than messages. */
  acks = false;
  readonly #name: string;
  readonly #room: MailboxQuota;
  /** Messages that wait until the client is there and reads. */
  #waiting: PlainMessageEntry[] = [];
  /** By conversation: messages that wait until the turn that they give may be given. */
  readonly #held = new Map<string, PlainMessageEntry[]>();
  /** Sent, but not yet known to have arrived. */
  #unconfirmed: Sent[] = [];
  /** How many of them no ping has followed yet. */
  #unasked = 0;

  constructor(name: string, room: MailboxQuota) {
    this.#name = name;
    this.#room = room;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** The connection, where the client reads it: for one that is silent messages wait as for one that is away. */
  get reader(): Connection | undefined {
    return this.connection?.isOpen && !this.connection.isSilent ? this.connection : undefined;
  }

  /** Position of the oldest that it is still to get. */
  get oldest(): number | undefined {
    const heads = [this.#unconfirmed[0]?.line, this.#waiting[0], ...this.#heldLines()];
    const positions = heads.flatMap((line) => (line ? [line.position] : []));
    return positions.length > 0 ? Math.min(...positions) : undefined;
  }

  get lines(): PlainMessageEntry[] {
    return [...this.#waiting, ...this.#heldLines(), ...this.#unconfirmed.map(({ line }) => line)];
  }

  /** It waits from now on. */
  put(line: PlainMessageEntry): void {
    this.#waiting.push(line);
    this.#room.take(this.#name, line.from, line.bytes);
  }

  hold(line: PlainMessageEntry): void {
    this.#held.set(line.conversation, [...(this.#held.get(line.conversation) ?? []), line]);
    this.#room.take(this.#name, line.from, line.bytes);
  }

  /** What was held of the conversation. */
  unhold(conversation: string): PlainMessageEntry[] {
    const lines = this.#held.get(conversation) ?? [];
    this.#held.delete(conversation);
    for (const { from, bytes } of lines) this.#room.give(this.#name, from, bytes);
    return lines;
  }

  /** The client is gone: what was held waits like the rest. */
  release(): void {
    this.#waiting = [...this.#waiting, ...this.#heldLines()].sort((a, b) => a.position - b.position);
    this.#held.clear();
  }

  #heldLines(): PlainMessageEntry[] {
    return this.#held.size === 0 ? [] : [...this.#held.values()].flat();
  }

  /** What had been waiting. */
  empty(): PlainMessageEntry[] {
    return this.#remove(this.#waiting.length);
  }

  /** Drops waiting messages that are older, or of a conversation that was removed. Returns their number. */
  expire(oldest: number, removed: ReadonlySet<string>): number {
    const first = this.#waiting.findIndex(({ at }) => at >= oldest);
    const expired = this.#remove(first === -1 ? this.#waiting.length : first).length;
    if (removed.size === 0) return expired;
    const waiting = this.#remove(this.#waiting.length);
    for (const line of waiting) if (!removed.has(line.conversation)) this.put(line);
    return expired + waiting.length - this.#waiting.length;
  }

  #remove(count: number): PlainMessageEntry[] {
    const removed = this.#waiting.splice(0, count);
    for (const { from, bytes } of removed) this.#room.give(this.#name, from, bytes);
    return removed;
  }

  send(connection: Connection, line: PlainMessageEntry, frame: string): void {
    connection.send(frame);
    this.#unconfirmed.push({ line, after: connection.pings });
    this.#unasked++;
    if (this.#unasked >= pingEvery) this.ping();
  }

  /** Asks whether what was sent has arrived, once. */
  ping(): void {
    if (!this.connection || this.#unasked === 0) return;
    this.#unasked = 0;
    this.connection.ping();
  }

  /** What was sent before this ping has arrived; all of it, when missing. The last of that. */
  confirm(ping = Number.POSITIVE_INFINITY): PlainMessageEntry | undefined {
    const next = this.#unconfirmed.findIndex(({ after }) => after >= ping);
    const arrived = this.#unconfirmed.splice(0, next < 0 ? this.#unconfirmed.length : next);
    this.#unasked = Math.min(this.#unasked, this.#unconfirmed.length);
    return arrived.at(-1)?.line;
  }

  /** The connection broke: what may not have arrived waits again, in order. */
  takeBack(): void {
    this.release();
    const lines = this.#unconfirmed.map(({ line }) => line);
    for (const { from, bytes } of lines) this.#room.take(this.#name, from, bytes);
    this.#waiting = [...lines, ...this.#waiting];
    this.#unconfirmed = [];
    this.#unasked = 0;
  }
}
