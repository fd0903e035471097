import { isFailure } from '@parley/protocol';
import type { Commit, Conversations, OnResult } from '../conversations/conversations.ts';
import { Resubmitter } from '../conversations/resubmit.ts';
import type { CommandOf } from '../core/command.ts';
import { turnsOf } from '../core/floor.ts';

export type Answer = CommandOf<'bid' | 'pass'>;

interface Held {
  readonly answer: Answer;
  readonly done: OnResult;
  submitted: boolean;
}

/**
 * Puts the bids of a round on the ledger in the order of the floor, whoever was quicker, so that the same bids make the
 * same ledger. One that comes early is held until those before it stand, and acknowledged only then: whoever placed
 * it still has it, and places it again when this router is lost.
 */
export class Bids {
  readonly #conversations: Conversations;
  readonly #resubmitter: Resubmitter;
  readonly #held = new Map<string, Map<number, Held>>();
  #leaving = false;

  constructor(conversations: Conversations) {
    this.#conversations = conversations;
    this.#resubmitter = new Resubmitter(conversations);
  }

  /** Whether the turn has been answered by a bid that does not stand yet. */
  holds(conversation: string, turn: number): boolean {
    return this.#held.get(conversation)?.has(turn) ?? false;
  }

  /** False when the answer settles no bid: that is not for this class. One bid a turn is held, the newest. */
  take(conversation: string, answer: Answer, done: OnResult): boolean {
    const state = this.#conversations.get(conversation);
    const turn = state?.floor.find(({ number, member }) => number === answer.turn && member === answer.from);
    // One that answers no grant is for the conversation to refuse.
    if (answer.attempt === undefined || state?.seats.has(answer.from)) return false;
    const settles = answer.type === 'bid' || !isFailure(answer.reason);
    const earlier = this.#held.get(conversation)?.get(answer.turn);
    if (turn?.wanted !== 'bid' || !settles || this.#leaving || earlier?.submitted) return false;
    earlier?.done({ kind: 'refused', code: 'stale-turn', message: 'another answer has come since' });
    const held = this.#held.get(conversation) ?? new Map<number, Held>();
    this.#held.set(conversation, held.set(answer.turn, { answer, done, submitted: false }));
    this.#place(conversation);
    return true;
  }

  onCommit({ after }: Commit): void {
    if (!this.#held.has(after.id)) return;
    const turnOf = turnsOf(after.floor);
    this.#giveUp(after.id, (turn) => turnOf(turn) !== undefined);
    this.#place(after.id);
  }

  tick(): void {
    this.#resubmitter.tick();
  }

  /** A router that goes away holds nothing back. */
  leave(): void {
    this.#leaving = true;
    for (const [conversation, held] of this.#held)
      for (const bid of held.values()) this.#submit(conversation, bid);
  }

  /** Submits those whose place has come: the first on the floor, and those behind it that are there. */
  #place(conversation: string): void {
    const held = this.#held.get(conversation);
    if (!held) return;
    for (const { number } of this.#conversations.get(conversation)?.floor ?? []) {
      const bid = held.get(number);
      if (!bid) return;
      this.#submit(conversation, bid);
    }
  }

  /** Submits those that come too late: they are then told so. */
  #giveUp(conversation: string, isOpen: (turn: number) => boolean): void {
    for (const [turn, bid] of this.#held.get(conversation) ?? [])
      if (!isOpen(turn)) this.#submit(conversation, bid);
  }

  #submit(conversation: string, bid: Held): void {
    if (bid.submitted) return;
    bid.submitted = true;
    this.#resubmitter.submit(conversation, bid.answer, (outcome) => {
      const held = this.#held.get(conversation);
      held?.delete(bid.answer.turn);
      if (held?.size === 0) this.#held.delete(conversation);
      bid.done(outcome);
    });
  }
}
