import type { Entry, EntryOf } from '@parley/protocol';
import type { Connection } from '../connection.ts';
import type { Commit, Conversations } from '../conversations.ts';
import type { Conversation } from '../core/conversation.ts';
import { heardBy } from '../core/hearing.ts';
import { policies } from '../core/policies/policies.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Where a line for a plain client stands. The text stays in the ledger. */
interface Waiting {
  readonly conversation: string;
  readonly seq: number;
  readonly position: number;
}

interface Mailbox {
  connection: Connection | undefined;
  /** Lines that wait for the client to come. */
  waiting: Waiting[];
  /** Lines sent, but not yet known to have arrived. */
  unconfirmed: Waiting[];
  /** How many of `unconfirmed` had been sent before the ping that is out; 0 when none is. */
  pinged: number;
}

/** A ping goes out after so many lines, so that what is unconfirmed stays bounded. */
const pingEvery = 256;
/** Tells our pings from those of the heartbeat. */
const pingPayload = 'delivered';
/** At start, lines older than this many entries are not looked for. */
const lookBack = 100_000;

export interface MailboxLimits {
  readonly maxWaiting: number;
  readonly maxAgeMs: number;
}

/**
 * Delivery to plain clients, who acknowledge nothing. What is sent counts as delivered when a later ping is
 * answered or the client says goodbye; after any other end of the connection it is sent again (PROTOCOL §3.6).
 */
export class Mailboxes {
  readonly #boxes = new Map<string, Mailbox>();
  readonly #ledger: Ledger;
  readonly #conversations: Conversations;
  readonly #limits: MailboxLimits;
  #marks: Map<string, number>;
  readonly #dirty = new Map<string, number>();
  delivered = 0;

  constructor(ledger: Ledger, conversations: Conversations, limits: MailboxLimits) {
    this.#ledger = ledger;
    this.#conversations = conversations;
    this.#limits = limits;
    this.#marks = ledger.marks();
  }

  /** Finds what was waiting when the router stopped. */
  recover(now: number): void {
    let since = Math.max(0, this.#ledger.position() - lookBack);
    for (;;) {
      const page = this.#ledger.readAll(since, 1_000);
      for (const { position, conversation, entry } of page) {
        since = position;
        if (entry.type !== 'said' || entry.target === undefined) continue;
        if (position <= (this.#marks.get(entry.target) ?? 0) || entry.at < now - this.#limits.maxAgeMs)
          continue;
        this.#box(entry.target).waiting.push({ conversation, seq: entry.seq, position });
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

  isFull(name: string): boolean {
    const box = this.#boxes.get(name);
    return box !== undefined && !box.connection && box.waiting.length >= this.#limits.maxWaiting;
  }

  /** The connection that spoke for `name` until now, if any, is handed back: it has been taken over. */
  attach(name: string, connection: Connection, now: number): Connection | undefined {
    const box = this.#box(name);
    const taken = box.connection;
    const missed = [...box.unconfirmed, ...box.waiting];
    box.connection = connection;
    box.unconfirmed = [];
    box.waiting = [];
    box.pinged = 0;
    for (const waiting of missed) {
      const [entry] = this.#ledger.read(waiting.conversation, waiting.seq - 1, 1);
      if (entry?.type !== 'said' || entry.at < now - this.#limits.maxAgeMs) continue;
      this.#send(box, connection, name, entry, waiting);
    }
    for (const state of this.#conversations.running()) {
      if (!policies[state.policy].free && state.floor.some(({ member }) => member === name)) {
        this.#giveFloor(state, name, this.#ledger.position());
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
    box.waiting = [...box.unconfirmed, ...box.waiting];
    box.unconfirmed = [];
    if (box.waiting.length === 0) this.#boxes.delete(name);
  }

  /** The name speaks `parley.v1` now: its turns wait in the ledger, not here. */
  drop(name: string): void {
    if (!this.isConnected(name)) this.#boxes.delete(name);
  }

  /** A pong to one of our pings; there is never more than one out. */
  ponged(name: string, payload: string): void {
    const box = this.#boxes.get(name);
    if (box && payload === pingPayload) this.#confirm(name, box, box.pinged);
  }

  onCommit({ before, after, entries, position }: Commit, isAgent: (name: string) => boolean): void {
    const { free } = policies[after.policy];
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      if (entry.type !== 'said' || entry.target === undefined || !free) continue;
      const { target } = entry;
      if (entry.to && !entry.to.includes(target)) continue;
      const box = this.#boxes.get(target);
      const place = { conversation: after.id, seq: entry.seq, position: position - (entries.length - 1 - i) };
      if (box?.connection?.isOpen) this.#send(box, box.connection, target, entry, place);
      else if (!isAgent(target)) this.#box(target).waiting.push(place);
    }
    if (free) return;
    for (const { member, number } of after.floor) {
      const had = before?.floor.some((turn) => turn.number === number);
      if (!had && this.isConnected(member)) this.#giveFloor(after, member, position);
    }
  }

  /** Asks whether what was sent has arrived. Called every second. */
  tick(): void {
    for (const box of this.#boxes.values()) this.#ping(box);
    this.save();
  }

  /** Writes down how far everybody has been delivered to. */
  save(): void {
    if (this.#dirty.size === 0) return;
    this.#ledger.mark(this.#dirty);
    this.#dirty.clear();
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
    this.#marks.set(name, last.position);
    this.#dirty.set(name, last.position);
  }

  #send(box: Mailbox, connection: Connection, to: string, entry: EntryOf<'said'>, place: Waiting): void {
    connection.send(messageFrame(entry.from, to, entry.text, place.conversation, place.seq));
    this.delivered++;
    box.unconfirmed.push(place);
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
    const said = this.#conversations
      .entriesSince(state.id, 0)
      .filter((entry) => entry.type === 'said')
      .filter((entry) => heardBy(state, member, entry));
    const unheard = said.slice(said.findLastIndex(({ from }) => from === member) + 1);
    const last = unheard.at(-1);
    if (!last || !box.connection?.isOpen) return;
    const text =
      unheard.length === 1 ? last.text : unheard.map(({ from, text }) => `[${from}] ${text}`).join('\n');
    const place = { conversation: state.id, seq: last.seq, position };
    this.#send(box, box.connection, member, { ...last, text }, place);
  }
}

/** Names and ids match patterns without quotes or backslashes, so only the text needs escaping. */
const messageFrame = (
  from: string,
  target: string,
  text: string,
  conversation: string,
  seq: number,
): string =>
  `{"type":"message","from":"${from}","target":"${target}","text":${JSON.stringify(text)},"conversation":"${conversation}","seq":${seq}}`;
