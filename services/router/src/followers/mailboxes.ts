import type { EntryOf } from '@parley/protocol';
import type { Connection } from '../connection.ts';
import type { Commit, Conversations } from '../conversations.ts';
import type { Conversation } from '../core/conversation.ts';
import { heardBy } from '../core/hearing.ts';
import { policies } from '../core/policies/policies.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type MailboxLimits, MailboxRoom } from './mailbox-room.ts';
import { isAddressed, messageFrame, type PlainLine, plainLine } from './plain-line.ts';

interface Mailbox {
  connection: Connection | undefined;
  /** Lines that wait for the client to come. */
  waiting: PlainLine[];
  /** Lines sent, but not yet known to have arrived. */
  unconfirmed: PlainLine[];
  /** How many of `unconfirmed` had been sent before the ping that is out; 0 when none is. */
  pinged: number;
}

/** A ping goes out after so many lines, so that what is unconfirmed stays bounded. */
const pingEvery = 256;
/** Tells our pings from those of the heartbeat. */
const pingPayload = 'delivered';
/**
 * Among the marks, which are otherwise by name: everything up to here has been delivered, is too old, or was never
 * for a plain client. What waited when the router stopped is looked for behind it.
 */
const allDone = '';
/** How far that mark may lag behind before it is written for its own sake. */
const markEvery = 1_000;

export interface MailboxOptions {
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly limits: MailboxLimits;
  /** Whether the name speaks `parley.v1` at the moment: then its lines come with its turns. */
  isAgent(name: string): boolean;
  /** Told when marks cannot be written or a line cannot be read. */
  onFailure(error: unknown): void;
}

/** Leave for one more line, until `release` says that it has become of it what it may. */
export type Admission = { readonly full: string } | { readonly full: undefined; release(): void };

/**
 * Delivery to plain clients, who acknowledge nothing. What is sent counts as delivered when a later ping is
 * answered or the client says goodbye; after any other end of the connection it is sent again (PROTOCOL §3.6).
 * Here are only the places of lines; the lines themselves are in the ledger.
 */
export class Mailboxes {
  readonly #boxes = new Map<string, Mailbox>();
  readonly #options: MailboxOptions;
  readonly #room: MailboxRoom;
  readonly #marks: Map<string, number>;
  readonly #dirty = new Map<string, number>();
  /** Position of the last entry that has been looked at. */
  #position: number;
  delivered = 0;
  expired = 0;

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#room = new MailboxRoom(options.limits);
    this.#marks = options.ledger.marks();
    this.#position = options.ledger.position();
  }

  /** Finds what was waiting when the router stopped. */
  recover(now: number): void {
    const { ledger, conversations, limits } = this.#options;
    let since = this.#marks.get(allDone) ?? 0;
    for (;;) {
      const page = ledger.readAll(since, 1_000);
      for (const { position, conversation, entry } of page) {
        since = position;
        if (!isAddressed(entry) || entry.at < now - limits.maxAgeMs) continue;
        const { target } = entry;
        if (position <= (this.#marks.get(target) ?? 0)) continue;
        const state = conversations.find(conversation);
        if (!state || !policies[state.policy].free) continue;
        const line = plainLine(conversation, entry, position);
        // What found no room had not been admitted: it came with the turn of an agent that is away just now.
        if (this.#room.refusal(target, line.from, line.bytes) === undefined) this.#put(target, line);
      }
      if (page.length === 0) return;
    }
  }

  isConnected(name: string): boolean {
    return this.#boxes.get(name)?.connection !== undefined;
  }

  names(): string[] {
    return [...this.#boxes].filter(([, { connection }]) => connection).map(([name]) => name);
  }

  /** Lines that wait for somebody who is away. */
  get waiting(): number {
    return this.#room.lines;
  }

  /** Conversations with lines that somebody is still to get. */
  conversations(): Set<string> {
    const held = new Set<string>();
    for (const { waiting, unconfirmed } of this.#boxes.values())
      for (const { conversation } of [...waiting, ...unconfirmed]) held.add(conversation);
    return held;
  }

  /** Whether a line may be sent on its way. Lines that are on it take up room until they are released. */
  admit(from: string, to: string, text: string): Admission {
    if (this.isConnected(to) || this.#options.isAgent(to)) return { full: undefined, release() {} };
    const bytes = Buffer.byteLength(text);
    const full = this.#room.refusal(to, from, bytes);
    if (full !== undefined) return { full };
    this.#room.take(to, from, bytes);
    return { full, release: () => this.#room.give(to, from, bytes) };
  }

  /** The connection that spoke for `name` until now, if any, is handed back: it has been taken over. */
  attach(name: string, connection: Connection, now: number): Connection | undefined {
    const box = this.#box(name);
    const taken = box.connection;
    const missed = [...box.unconfirmed, ...this.#empty(name, box)];
    box.connection = connection;
    box.unconfirmed = [];
    box.pinged = 0;
    for (const line of missed) {
      const entry = this.#entryOf(line);
      if (!entry) continue;
      if (entry.at < now - this.#options.limits.maxAgeMs) this.expired++;
      else this.#send(box, connection, name, entry, line);
    }
    for (const state of this.#options.conversations.running()) {
      if (!policies[state.policy].free && state.floor.some(({ member }) => member === name)) {
        this.#giveFloor(state, name, this.#position);
      }
    }
    return taken;
  }

  /** `orderly`: the client closed the connection itself, so it has what it wanted to have. */
  detach(name: string, connection: Connection, orderly: boolean): void {
    const box = this.#boxes.get(name);
    if (box?.connection !== connection) return;
    box.connection = undefined;
    if (orderly) this.#confirm(name, box, box.unconfirmed.length);
    for (const { from, bytes } of box.unconfirmed) this.#room.take(name, from, bytes);
    box.waiting = [...box.unconfirmed, ...box.waiting];
    box.unconfirmed = [];
    if (box.waiting.length === 0) this.#boxes.delete(name);
  }

  /** The name speaks `parley.v1` now: its turns wait in the ledger, not here. */
  drop(name: string): void {
    const box = this.#boxes.get(name);
    if (!box || box.connection) return;
    this.#empty(name, box);
    this.#boxes.delete(name);
    this.#dirty.set(name, this.#position);
  }

  /** A pong to one of our pings; there is never more than one out. */
  ponged(name: string, payload: string): void {
    const box = this.#boxes.get(name);
    if (box && payload === pingPayload) this.#confirm(name, box, box.pinged);
  }

  onCommit({ before, after, entries, position }: Commit): void {
    this.#position = position;
    const { free } = policies[after.policy];
    for (const [index, entry] of entries.entries()) {
      if (!free || !isAddressed(entry)) continue;
      const { target } = entry;
      if (this.#options.isAgent(target)) continue;
      const line = plainLine(after.id, entry, position - (entries.length - 1 - index));
      const box = this.#boxes.get(target);
      if (box?.connection?.isOpen) this.#send(box, box.connection, target, entry, line);
      else this.#put(target, line);
    }
    if (free) return;
    for (const { member, number } of after.floor) {
      const had = before?.floor.some((turn) => turn.number === number);
      if (!had && this.isConnected(member)) this.#giveFloor(after, member, position);
    }
  }

  /** Asks whether what was sent has arrived, and lets go of what is too old. Called every second. */
  tick(now: number): void {
    for (const [name, box] of this.#boxes) {
      this.#ping(box);
      if (!box.connection) this.#expire(name, box, now);
    }
    this.save();
  }

  /** Writes down how far everybody has been delivered to; later, when the ledger cannot be written now. */
  save(): void {
    const done = this.#allDone();
    if (this.#dirty.size === 0 && done < (this.#marks.get(allDone) ?? 0) + markEvery) return;
    this.#dirty.set(allDone, done);
    try {
      this.#options.ledger.mark(this.#dirty);
      for (const [name, position] of this.#dirty) this.#marks.set(name, position);
      this.#dirty.clear();
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  #allDone(): number {
    let done = this.#position;
    for (const { waiting, unconfirmed } of this.#boxes.values()) {
      const oldest = unconfirmed[0] ?? waiting[0];
      if (oldest) done = Math.min(done, oldest.position - 1);
    }
    return done;
  }

  #put(name: string, line: PlainLine): void {
    this.#box(name).waiting.push(line);
    this.#room.take(name, line.from, line.bytes);
  }

  /** What had been waiting. */
  #empty(name: string, box: Mailbox): PlainLine[] {
    for (const { from, bytes } of box.waiting) this.#room.give(name, from, bytes);
    return box.waiting.splice(0);
  }

  #expire(name: string, box: Mailbox, now: number): void {
    const oldest = now - this.#options.limits.maxAgeMs;
    const kept = box.waiting.findIndex(({ at }) => at >= oldest);
    for (const { from, bytes } of box.waiting.splice(0, kept === -1 ? box.waiting.length : kept)) {
      this.#room.give(name, from, bytes);
      this.expired++;
    }
    if (box.waiting.length === 0) this.#boxes.delete(name);
  }

  #entryOf({ conversation, seq }: PlainLine): EntryOf<'said'> | undefined {
    try {
      const [entry] = this.#options.conversations.entriesSince(conversation, seq - 1, 1);
      return entry?.type === 'said' ? entry : undefined;
    } catch (error) {
      this.#options.onFailure(error);
      return undefined;
    }
  }

  #box(name: string): Mailbox {
    let box = this.#boxes.get(name);
    if (!box) {
      box = { connection: undefined, waiting: [], unconfirmed: [], pinged: 0 };
      this.#boxes.set(name, box);
    }
    return box;
  }

  #confirm(name: string, box: Mailbox, count: number): void {
    const last = box.unconfirmed[count - 1];
    if (!last) return;
    box.unconfirmed = box.unconfirmed.slice(count);
    box.pinged = 0;
    this.#dirty.set(name, last.position);
  }

  #send(box: Mailbox, connection: Connection, to: string, entry: EntryOf<'said'>, line: PlainLine): void {
    connection.send(messageFrame(entry.from, to, entry.text, line.conversation, line.seq));
    this.delivered++;
    box.unconfirmed.push(line);
    if (box.unconfirmed.length >= pingEvery) this.#ping(box);
  }

  #ping(box: Mailbox): void {
    if (!box.connection || box.pinged > 0 || box.unconfirmed.length === 0) return;
    box.pinged = box.unconfirmed.length;
    box.connection.ping(pingPayload);
  }

  /** Where turns go round, a plain client hears what was said since its own last line when the floor is its. */
  #giveFloor(state: Conversation, member: string, position: number): void {
    const box = this.#box(member);
    const said = this.#options.conversations
      .entriesSince(state.id, 0)
      .filter((entry) => entry.type === 'said')
      .filter((entry) => heardBy(state, member, entry));
    const unheard = said.slice(said.findLastIndex(({ from }) => from === member) + 1);
    const last = unheard.at(-1);
    if (!last || !box.connection?.isOpen) return;
    const text =
      unheard.length === 1 ? last.text : unheard.map(({ from, text }) => `[${from}] ${text}`).join('\n');
    const entry = { ...last, text };
    this.#send(box, box.connection, member, entry, plainLine(state.id, entry, position));
  }
}
