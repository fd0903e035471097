import type { Entry, EntryOf } from '@parley/protocol';
import type { Connection } from '../connection.ts';
import type { Commit, Conversations } from '../conversations.ts';
import type { Answers } from '../core/command.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { policies } from '../core/policies/policies.ts';
import { agentReader, visible } from '../core/visibility.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Full, noRoomNeeded, type Room } from '../room.ts';
import { DeliveryMarks } from './delivery-marks.ts';
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
  /** By conversation where members speak in turn: the turn that the client has been given there. */
  readonly given: Map<string, Answers>;
}

/** A ping goes out after so many lines, so that what is unconfirmed stays bounded. */
const pingEvery = 256;
/** Tells our pings from those of the heartbeat. */
const pingPayload = 'delivered';
/** What is read of the ledger at once at the start. */
const recoveryBytes = 4 * 1024 * 1024;
/** Agents that have left and are still known to be agents. */
const maxAgents = 10_000;

export interface MailboxOptions {
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly limits: MailboxLimits;
  /** Whether the name speaks `parley.v1` at the moment: then its lines come with its turns. */
  isAgent(name: string): boolean;
  /** Whether the turn may be given now: not while its conversation is paused, gathers, or keeps a pace. */
  isGrantable(state: Conversation, turn: Turn): boolean;
  /** Told when marks cannot be written or a line cannot be read. */
  onFailure(error: unknown): void;
}

/**
 * Delivery to plain clients, who acknowledge nothing. What is sent counts as delivered when a later ping is
 * answered or the client says goodbye; after any other end of the connection it is sent again (PROTOCOL §3.6).
 * Here are only the places of lines; the lines themselves are in the ledger.
 */
export class Mailboxes implements Room {
  readonly #boxes = new Map<string, Mailbox>();
  readonly #options: MailboxOptions;
  readonly #room: MailboxRoom;
  readonly #marks: DeliveryMarks;
  /** Names that spoke `parley.v1` when they were last here; who left first comes first. */
  readonly #agents = new Set<string>();
  /** Clients that have the floor and are still to be given it, by conversation. */
  readonly #due = new Map<string, Set<string>>();
  /** Position of the last entry that has been looked at. */
  #position: number;
  delivered = 0;
  expired = 0;

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#room = new MailboxRoom(options.limits);
    this.#marks = new DeliveryMarks(options.ledger, options.onFailure);
    this.#position = options.ledger.position();
  }

  /** Finds what was waiting when the router stopped. */
  recover(now: number): void {
    const { ledger, conversations, limits } = this.#options;
    let since = this.#marks.done;
    for (;;) {
      const page = ledger.readAll(since, 1_000, recoveryBytes);
      for (const { position, conversation, entry } of page) {
        since = position;
        if (!isAddressed(entry) || entry.at < now - limits.maxAgeMs) continue;
        const { target } = entry;
        if (position <= this.#marks.of(target)) continue;
        const state = conversations.find(conversation);
        if (!state || !policies[state.policy].free) continue;
        // Whatever room there is: what waited had been admitted, and few lines of agents are not yet marked as theirs.
        this.#put(target, plainLine(conversation, entry, position));
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

  /** Lines to somebody who is away need room until they wait for it, or were lost. */
  take({ policy }: Conversation, entries: readonly Entry[]): Full | (() => void) {
    const line = policies[policy].free ? entries.find(isAddressed) : undefined;
    if (!line || this.#isAwaited(line)) return noRoomNeeded;
    const { from, target, text } = line;
    const bytes = Buffer.byteLength(text);
    const message = this.#room.refusal(target, from, bytes);
    if (message !== undefined) return { code: 'mailbox-full', message };
    this.#room.take(target, from, bytes);
    return () => this.#room.give(target, from, bytes);
  }

  /** The connection that spoke for `name` until now, if any, is handed back: it has been taken over. */
  attach(name: string, connection: Connection, now: number): Connection | undefined {
    this.#agents.delete(name);
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
    box.given.clear();
    for (const state of this.#options.conversations.running()) this.#offer(state, name);
    return taken;
  }

  /** The turn that a client who knows no turns was given in the conversation, and has not taken. */
  granted(name: string, conversation: string): Answers | undefined {
    return this.#boxes.get(name)?.given.get(conversation);
  }

  /** Gives turns that had to wait for a pause, the pace or a gathering. */
  giveDue(): void {
    const due = [...this.#due];
    this.#due.clear();
    for (const [id, names] of due) {
      const state = this.#options.conversations.get(id);
      if (state) for (const name of names) this.#offer(state, name);
    }
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
    this.#agents.delete(name);
    this.#agents.add(name);
    if (this.#agents.size > maxAgents) this.#agents.delete(this.#agents.keys().next().value as string);
    const box = this.#boxes.get(name);
    if (!box || box.connection) return;
    this.#empty(name, box);
    this.#boxes.delete(name);
    this.#marks.set(name, this.#position);
  }

  /** A pong to one of our pings; there is never more than one out. */
  ponged(name: string, payload: string): void {
    const box = this.#boxes.get(name);
    if (box && payload === pingPayload) this.#confirm(name, box, box.pinged);
  }

  onCommit({ after, entries, position }: Commit): void {
    this.#position = position;
    const { free } = policies[after.policy];
    for (const [index, entry] of entries.entries()) {
      if (!free || !isAddressed(entry)) continue;
      const { target } = entry;
      const at = position - (entries.length - 1 - index);
      if (this.#options.isAgent(target)) {
        this.#marks.passBy(target, at);
        continue;
      }
      const line = plainLine(after.id, entry, at);
      const box = this.#boxes.get(target);
      if (box?.connection?.isOpen) this.#send(box, box.connection, target, entry, line);
      else this.#put(target, line);
    }
  }

  /** Gives clients that know no turns the floor that a commit gives them. Behind the grants, which know whether it may be given. */
  onFloor({ before, after }: Commit): void {
    if (policies[after.policy].free) return;
    for (const { member, number } of before?.floor ?? [])
      if (!after.floor.some((turn) => turn.number === number))
        this.#boxes.get(member)?.given.delete(after.id);
    for (const { member } of after.floor) if (this.isConnected(member)) this.#offer(after, member);
  }

  /** Gives a client that is there the floor that it has, now or as soon as it may be given. */
  #offer(state: Conversation, name: string): void {
    const turn = state.floor.find(({ member }) => member === name);
    const box = this.#boxes.get(name);
    if (policies[state.policy].free || !turn || !box?.connection) return;
    const given = box.given.get(state.id);
    if (given?.turn === turn.number) return;
    if (!this.#options.isGrantable(state, turn)) {
      this.#due.set(state.id, (this.#due.get(state.id) ?? new Set()).add(name));
      return;
    }
    box.given.set(state.id, { turn: turn.number, attempt: turn.attempts + 1 });
    this.#giveFloor(state, name, this.#position);
  }

  /** Asks whether what was sent has arrived, and lets go of what is too old. Called every second. */
  tick(now: number): void {
    for (const [name, box] of this.#boxes) {
      this.#ping(box);
      if (!box.connection) this.#expire(name, box, now);
    }
    this.save();
  }

  save(): void {
    this.#marks.save(this.#allDone());
  }

  /** An answer to an agent is bounded by the agent's own turns, for it comes with one of them. */
  #isAwaited({ target, turn }: EntryOf<'said'> & { readonly target: string }): boolean {
    if (this.isConnected(target) || this.#options.isAgent(target)) return true;
    return turn !== undefined && this.#agents.has(target);
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
      box = { connection: undefined, waiting: [], unconfirmed: [], pinged: 0, given: new Map() };
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
      .filter((entry) => visible(state, agentReader(member), entry));
    const unheard = said.slice(said.findLastIndex(({ from }) => from === member) + 1);
    const last = unheard.at(-1);
    if (!last || !box.connection?.isOpen) return;
    const text =
      unheard.length === 1 ? last.text : unheard.map(({ from, text }) => `[${from}] ${text}`).join('\n');
    const entry = { ...last, text };
    this.#send(box, box.connection, member, entry, plainLine(state.id, entry, position));
  }
}
