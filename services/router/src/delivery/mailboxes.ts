import type { Entry, EntryOf } from '@parley/protocol';
import { type CapacityLimit, type Full, nothingReserved } from '../conversations/capacity.ts';
import type { Commit, Conversations } from '../conversations/conversations.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { policies } from '../core/policies/policies.ts';
import { agentReader, visible } from '../core/visibility.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Connection } from '../socket/connection.ts';
import type { Bids } from '../turns/bids.ts';
import { Askers } from './askers.ts';
import { Delivery } from './delivery.ts';
import { DeliveryMarks } from './delivery-marks.ts';
import { Mailbox } from './mailbox.ts';
import { type MailboxLimits, MailboxQuota } from './mailbox-quota.ts';
import { endedFrame, isAddressed, type PlainMessageEntry, plainMessage } from './plain-message.ts';
import { PlainTurns } from './plain-turns.ts';
import { RecentNames } from './recent-names.ts';

/** What is read of the ledger at once at the start. */
const recoveryBytes = 4 * 1024 * 1024;
/** Names that are remembered of agents that left, and of plain clients that registered. */
const maxNames = 10_000;

export interface MailboxOptions {
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly limits: MailboxLimits;
  /** The running conversations in which a turn of the name waits. */
  waitingFor(name: string): Iterable<string>;
  /** Whether the name speaks `parley.v1` at the moment: then its lines come with its turns. */
  isAgent(name: string): boolean;
  /** Whether the turn may be given now: not while its conversation is paused, gathers, or keeps a pace. */
  isGrantable(state: Conversation, turn: Turn): boolean;
  readonly bids: Pick<Bids, 'take'>;
  now(): number;
  /** Told when marks cannot be written or a line cannot be read. */
  onFailure(error: unknown): void;
}

/**
 * Delivery to plain clients, who acknowledge nothing. What is sent counts as delivered when a later ping is
 * answered or the client says goodbye; after any other end of the connection it is sent again (PROTOCOL §3.6).
 * Here are only the places of lines; the lines themselves are in the ledger.
 */
export class Mailboxes implements CapacityLimit {
  readonly #boxes = new Map<string, Mailbox>();
  readonly #options: MailboxOptions;
  readonly #room: MailboxQuota;
  readonly #marks: DeliveryMarks;
  readonly turns: PlainTurns;
  readonly #delivery: Delivery;
  readonly #askers = new Askers();
  /** Names that spoke `parley.v1` when they were last here. */
  readonly #agents = new RecentNames(maxNames);
  /** Names of plain clients that registered since the router started. */
  readonly #clients = new RecentNames(maxNames);
  /** Conversations that retention removed since the last tick. */
  #removed = new Set<string>();
  /** Position of the last entry that has been looked at. */
  #position: number;

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#room = new MailboxQuota(options.limits);
    const { conversations, isAgent, isGrantable, waitingFor, bids, now } = options;
    this.turns = new PlainTurns({
      conversations,
      isGrantable,
      waitingFor,
      now,
      isAgent: (name) => isAgent(name) || this.#agents.has(name),
      isConnected: (name) => this.isConnected(name),
      reads: (name) => this.#boxes.get(name)?.reader !== undefined,
      give: (state, name) => this.#delivery.giveFloor(state, name, this.#box(name), this.#position),
      bid: (conversation, bid) => bids.take(conversation, bid, () => {}),
    });
    this.#delivery = new Delivery(options, this.turns);
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
        if (!state || !policies[state.policy].allowsUnsolicited) continue;
        // Whatever room there is: what waited had been admitted, and few lines of agents are not yet marked as theirs.
        this.#box(target).put(plainMessage(conversation, entry, position));
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

  get delivered(): number {
    return this.#delivery.delivered;
  }

  get expired(): number {
    return this.#delivery.expired;
  }

  /** Lines that wait for somebody who is away. */
  get waiting(): number {
    return this.#room.lines;
  }

  /**
   * Conversations with messages that a known client is still to get. A client is known when it has registered since the
   * router started, or has a delivery mark. A message to any other name keeps no conversation.
   */
  conversations(): Set<string> {
    const held = new Set<string>();
    for (const [name, { lines }] of this.#boxes)
      if (this.#isKnown(name)) for (const { conversation } of lines) held.add(conversation);
    return held;
  }

  #isKnown(name: string): boolean {
    return this.#clients.has(name) || this.#agents.has(name) || this.#marks.has(name);
  }

  /** Retention removed the conversation: the messages of it that still wait count as expired. */
  forget(conversation: string): void {
    this.#removed.add(conversation);
  }

  /** Lines to somebody who is away need room until they wait for it, or were lost. */
  take({ policy }: Conversation, entries: readonly Entry[]): Full | (() => void) {
    const line = policies[policy].allowsUnsolicited ? entries.find(isAddressed) : undefined;
    if (!line || this.#isAwaited(line)) return nothingReserved;
    const { from, target, text } = line;
    const bytes = Buffer.byteLength(text);
    const message = this.#room.refusal(target, from, bytes);
    if (message !== undefined) return { code: 'mailbox-full', message };
    this.#room.take(target, from, bytes);
    return () => this.#room.give(target, from, bytes);
  }

  /** The connection that spoke for `name` until now, if any, is handed back: it has been taken over. */
  attach(name: string, connection: Connection, now: number, acks = false): Connection | undefined {
    this.#agents.delete(name);
    this.#clients.add(name);
    const box = this.#box(name);
    const taken = box.connection;
    if (taken) this.#takeBack(name, box);
    const missed = box.empty();
    box.connection = connection;
    box.acks = acks;
    this.#delivery.sendAll(name, box, connection, missed, now);
    this.turns.offerAll(name);
    return taken;
  }

  /** `orderly`: the client closed the connection itself, so it has what it wanted to have. */
  detach(name: string, connection: Connection, orderly: boolean): void {
    const box = this.#boxes.get(name);
    if (box?.connection !== connection) return;
    box.connection = undefined;
    if (orderly) {
      this.#arrived(name, box.confirm());
      box.release();
      this.turns.takeBack(name);
    } else this.#takeBack(name, box);
    if (!box.hasWaiting) this.#boxes.delete(name);
  }

  /** The name speaks `parley.v1` now: its turns wait in the ledger, not here. */
  drop(name: string): void {
    this.#agents.add(name);
    const box = this.#boxes.get(name);
    if (!box || box.connection) return;
    box.empty();
    this.#boxes.delete(name);
    this.#marks.set(name, this.#position);
  }

  /** A pong to the ping of this number: what was sent before it has arrived. */
  ponged(name: string, ping: number, now: number): void {
    const box = this.#boxes.get(name);
    if (!box) return;
    this.#arrived(name, box.confirm(ping));
    this.#delivery.catchUp(name, box, now);
  }

  onCommit(commit: Commit): void {
    const { after, entries, position } = commit;
    this.#position = position;
    this.#askers.onCommit(commit);
    if (after.status.state === 'ended') this.#tellEnded(after, entries);
    if (!policies[after.policy].allowsUnsolicited) return;
    for (const [index, entry] of entries.entries()) {
      if (entry.type !== 'said') continue;
      const at = position - (entries.length - 1 - index);
      const target = isAddressed(entry) ? entry.target : undefined;
      if (target !== undefined) this.#deliver(after, entry, target, at);
      this.#answer(after, entry, target, at);
    }
  }

  /** What an agent answers is for all who asked it, also where it addresses another of them, or nobody. */
  #answer(state: Conversation, entry: EntryOf<'said'>, target: string | undefined, position: number): void {
    const { from, seq, turn } = entry;
    const { isAgent } = this.#options;
    if (turn !== undefined && isAgent(from)) {
      const askers = this.#askers.answered(state.id, from);
      const others = target === undefined || askers.has(target) ? askers : [];
      for (const name of others) {
        const hears = visible(state, agentReader(name), entry) !== undefined;
        if (name !== target && hears && this.isConnected(name)) this.#deliver(state, entry, name, position);
      }
    }
    for (const { member, since } of state.floor)
      if ((member === target || since === seq) && isAgent(member)) this.#askers.asked(state.id, from, member);
  }

  /** Told to clients that asked to be told. */
  #tellEnded(state: Conversation, entries: readonly Entry[]): void {
    const left = entries.flatMap((entry) => (entry.type === 'left' ? [entry.who] : []));
    for (const member of [...state.members, ...left]) {
      const box = this.#boxes.get(member);
      if (box?.acks && box.reader) box.reader.send(endedFrame(state, member, entries));
    }
  }

  #deliver(state: Conversation, entry: EntryOf<'said'>, to: string, position: number): void {
    if (this.#options.isAgent(to)) return this.#marks.passBy(to, position);
    const line = plainMessage(state.id, entry, position);
    const box = this.#box(to);
    const reader = box.hasWaiting ? undefined : box.reader;
    if (reader) this.#delivery.send(box, reader, to, entry, line, state);
    else box.put(line);
  }

  /** Asks whether what was sent has arrived, and lets go of what is too old. Called every second. */
  tick(now: number): void {
    for (const [name, box] of this.#boxes) {
      box.ping();
      if (!box.connection) this.#expire(name, box, now - this.#options.limits.maxAgeMs);
      else this.#delivery.catchUp(name, box, now);
    }
    this.#removed = new Set();
    this.save();
  }

  save(): void {
    this.#marks.save(this.#allDone());
  }

  /** An answer to an agent is bounded by the agent's own turns, for it comes with one of them. */
  #isAwaited({ target, turn }: EntryOf<'said'> & { readonly target: string }): boolean {
    const box = this.#boxes.get(target);
    if ((box?.reader && !box.hasWaiting) || this.#options.isAgent(target)) return true;
    return turn !== undefined && this.#agents.has(target);
  }

  #allDone(): number {
    let done = this.#position;
    for (const { oldest } of this.#boxes.values())
      if (oldest !== undefined) done = Math.min(done, oldest - 1);
    return done;
  }

  #expire(name: string, box: Mailbox, oldest: number): void {
    this.#delivery.expired += box.expire(oldest, this.#removed);
    if (!box.hasWaiting) this.#boxes.delete(name);
  }

  #box(name: string): Mailbox {
    let box = this.#boxes.get(name);
    if (!box) {
      box = new Mailbox(name, this.#room);
      this.#boxes.set(name, box);
    }
    return box;
  }

  #arrived(name: string, last: PlainMessageEntry | undefined): void {
    if (last) this.#marks.set(name, last.position);
  }

  /** The connection ended without a goodbye: what may not have arrived, and what it has not answered, waits again. */
  #takeBack(name: string, box: Mailbox): void {
    box.takeBack();
    this.turns.takeBack(name);
  }
}
