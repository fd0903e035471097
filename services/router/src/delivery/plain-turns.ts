import type { Commit, Conversations } from '../conversations/conversations.ts';
import type { Answers } from '../core/command.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { policies } from '../core/policies/policies.ts';
import type { Answer } from '../turns/bids.ts';
import { silentFor } from './digest.ts';

/** A turn that a plain client was given: by the message that gave it the floor, which is its grant. */
interface Given {
  readonly turn: number;
  attempt: number;
  /** This connection was not sent what is to be answered: an earlier one of the client had it. */
  readonly wasSentBefore: boolean;
  /** When the turn lapses; never in a conversation that a plain client opened, where only persons and programs wait. */
  deadline: number;
  /** Until when its silence is no sign that it is gone. */
  patientUntil: number;
}

export interface PlainTurnOptions {
  readonly conversations: Conversations;
  /** Whether the turn may be given now: not while its conversation is paused, gathers, or keeps a pace. */
  isGrantable(state: Conversation, turn: Turn): boolean;
  /** The running conversations in which a turn of the name waits. */
  waitingFor(name: string): Iterable<string>;
  /** Whether the name speaks `parley.v1`, or did when it was last here. */
  isAgent(name: string): boolean;
  /** Whether a plain client is connected under the name. */
  isConnected(name: string): boolean;
  /** Whether it reads what it is sent. */
  reads(name: string): boolean;
  /** Sends what gives the floor, which may be given now. */
  give(state: Conversation, name: string): void;
  /** Places the bid of a client that cannot bid. */
  bid(conversation: string, bid: Answer): void;
  now(): number;
}

/**
 * Gives turns to plain clients under the rules of every grant. A client of ten lines may call its model in its only thread, so
 * that it answers no ping until the model has answered: while it has a turn, its silence is no fault.
 */
export class PlainTurns {
  readonly #options: PlainTurnOptions;
  /** By conversation and name. */
  readonly #given = new Map<string, Map<string, Given>>();
  readonly #conversationsOf = new Map<string, Set<string>>();
  /** Clients that have the floor and are still to be given it, by conversation. */
  readonly #due = new Map<string, Set<string>>();
  readonly #timed = new Map<Given, string>();

  constructor(options: PlainTurnOptions) {
    this.#options = options;
  }

  /** Turns that are under way in the conversation. */
  count(conversation: string): number {
    return this.#given.get(conversation)?.size ?? 0;
  }

  /** The turn that a message of the client takes: the one that it was given; where members speak freely, one that it may have. */
  of(name: string, state: Conversation): Answers | undefined {
    const given = this.#given.get(state.id)?.get(name);
    if (given) return { turn: given.turn, attempt: given.attempt };
    const turn = policies[state.policy].allowsUnsolicited ? this.#turnOf(state, name) : undefined;
    if (!turn || !this.#options.isGrantable(state, turn)) return undefined;
    return { turn: turn.number, attempt: turn.attempts + 1 };
  }

  /** Whether the client was given the turn that it has. */
  has(state: Conversation, name: string): boolean {
    const turn = this.#turnOf(state, name);
    return turn !== undefined && this.#has(state, turn);
  }

  /** Whether a message has to wait, for it would give the client a turn that may not be given yet. */
  holds(state: Conversation, name: string): boolean {
    const turn = this.#turnOf(state, name);
    if (!turn || this.#has(state, turn) || this.#options.isGrantable(state, turn)) return false;
    this.#wait(state, name);
    return true;
  }

  /** The client was sent a message: if it has the floor, this is its grant. */
  told(state: Conversation, name: string): void {
    const turn = this.#turnOf(state, name);
    if (!turn) return;
    if (!this.#has(state, turn)) this.#grant(state, turn);
  }

  /**
   * Offers a client that has come what turns it has where members speak in turn. Elsewhere its mailbox has told it, now or on
   * an earlier connection, of which it confirmed the message: then it is not sent again before the turn lapses.
   */
  offerAll(name: string): void {
    for (const id of [...this.#options.waitingFor(name)]) {
      const state = this.#options.conversations.get(id);
      const turn = state && this.#turnOf(state, name);
      if (!turn || this.#has(state, turn)) continue;
      if (!policies[state.policy].allowsUnsolicited) this.#offer(state, name);
      else if (this.#options.isGrantable(state, turn)) this.#grant(state, turn, true);
    }
  }

  onCommit({ before, after }: Commit): void {
    for (const turn of before?.floor ?? [])
      if (!after.floor.some(({ number }) => number === turn.number))
        this.#take(after.id, turn.member, turn.number);
    for (const turn of after.floor) {
      const given = this.#given.get(after.id)?.get(turn.member);
      if (given?.turn === turn.number && turn.attempts >= given.attempt) {
        if (given.wasSentBefore) {
          this.#take(after.id, turn.member, turn.number);
          this.#offer(after, turn.member);
        } else this.#again(after, turn, given);
      } else if (given?.turn !== turn.number && this.#options.isConnected(turn.member))
        this.#offer(after, turn.member);
    }
  }

  tick(now: number): void {
    for (const [given, conversation] of this.#timed) {
      if (now < given.deadline) continue;
      // Once more in a second, if it could not be written.
      given.deadline = now + 1_000;
      const { turn } = given;
      this.#options.conversations.submit(conversation, { type: 'lapse', turn, cause: 'deadline' });
    }
    const due = [...this.#due];
    this.#due.clear();
    for (const [id, names] of due) {
      const state = this.#options.conversations.get(id);
      if (state) for (const name of names) this.#offer(state, name);
    }
  }

  /** Whether the client may be silent because it works on an answer. */
  mayBeSilent(name: string): boolean {
    const now = this.#options.now();
    for (const id of this.#conversationsOf.get(name) ?? [])
      if (now < (this.#given.get(id)?.get(name)?.patientUntil ?? 0)) return true;
    return false;
  }

  /** The client is gone. */
  takeBack(name: string): void {
    for (const id of [...(this.#conversationsOf.get(name) ?? [])]) {
      const given = this.#given.get(id)?.get(name);
      if (given) this.#take(id, name, given.turn);
    }
  }

  #turnOf({ floor }: Conversation, name: string): Turn | undefined {
    return floor.find(({ member }) => member === name);
  }

  #has({ id }: Conversation, { member, number }: Turn): boolean {
    return this.#given.get(id)?.get(member)?.turn === number;
  }

  #offer(state: Conversation, name: string): void {
    const { isGrantable, isConnected, reads, give, bid, conversations } = this.#options;
    const turn = this.#turnOf(state, name);
    if (!turn || this.#has(state, turn) || !isConnected(name)) return;
    if (!reads(name) || !isGrantable(state, turn)) return this.#wait(state, name);
    if (turn.wanted === 'speak') return give(state, name);
    this.#grant(state, turn);
    const others = state.members.length - 1;
    const score = Math.min(100, Math.ceil((100 * silentFor(conversations, state, name)) / others));
    const { number, attempts } = turn;
    return bid(state.id, { type: 'bid', from: name, turn: number, attempt: attempts + 1, score });
  }

  #wait({ id }: Conversation, name: string): void {
    this.#due.set(id, (this.#due.get(id) ?? new Set()).add(name));
  }

  #grant(state: Conversation, turn: Turn, wasSentBefore = false): void {
    const { member, number } = turn;
    const given: Given = { turn: number, attempt: 0, wasSentBefore, deadline: 0, patientUntil: 0 };
    const names = this.#given.get(state.id) ?? new Map<string, Given>();
    this.#given.set(state.id, names.set(member, given));
    const ids = this.#conversationsOf.get(member) ?? new Set<string>();
    this.#conversationsOf.set(member, ids.add(state.id));
    this.#again(state, turn, given);
  }

  /** Another attempt at the turn. It is not sent again on the connection that has it already. */
  #again(state: Conversation, turn: Turn, given: Given): void {
    const now = this.#options.now();
    const { turnDeadlineMs, maxAttempts } = state.limits;
    const isTimed = !this.#isOfPlainClients(state);
    given.attempt = turn.attempts + 1;
    given.deadline = isTimed ? now + turnDeadlineMs : Number.POSITIVE_INFINITY;
    given.patientUntil = now + turnDeadlineMs * (isTimed ? 1 : maxAttempts);
    if (isTimed) this.#timed.set(given, state.id);
  }

  #take(id: string, name: string, turn: number): void {
    const names = this.#given.get(id);
    const given = names?.get(name);
    if (given?.turn !== turn) return;
    this.#timed.delete(given);
    names?.delete(name);
    if (names?.size === 0) this.#given.delete(id);
    const ids = this.#conversationsOf.get(name);
    ids?.delete(id);
    if (ids?.size === 0) this.#conversationsOf.delete(name);
  }

  /** One that a plain client has opened with its message: no scenario, no agent that waits for its turn. */
  #isOfPlainClients({ policy, topic, cast, by }: Conversation): boolean {
    return (
      policies[policy].allowsUnsolicited &&
      topic === undefined &&
      cast.size === 0 &&
      !this.#options.isAgent(by)
    );
  }
}
