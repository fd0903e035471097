import { isFailure } from '@parley/protocol';
import type { Commit, Conversations, OnResult } from '../conversations/conversations.ts';
import { Resubmitter } from '../conversations/resubmit.ts';
import type { CommandOf } from '../core/command.ts';
import { turnsOf } from '../core/floor/floor.ts';

export type Answer = CommandOf<'bid' | 'pass'>;

interface HeldBid {
  readonly answer: Answer;
  readonly onResult: OnResult;
  submitted: boolean;
}

/**
 * Writes the bids of a round in the order of the floor, not in the order in which they came, so that the same bids make the same
 * ledger. An early bid is held until the bids before it are written, and acknowledged only then: if this router is lost, the agent
 * sends it again.
 */
export class Bids {
  readonly #conversations: Conversations;
  readonly #onReleased: (conversation: string, turn: number) => void;
  readonly #resubmitter: Resubmitter;
  readonly #held = new Map<string, Map<number, HeldBid>>();
  #leaving = false;

  /** `onReleased`: a bid is not held any more. Its turn is still open if the conversation has not taken the bid. */
  constructor(
    conversations: Conversations,
    onReleased: (conversation: string, turn: number) => void = () => {},
  ) {
    this.#conversations = conversations;
    this.#onReleased = onReleased;
    this.#resubmitter = new Resubmitter(conversations);
  }

  /** Whether the turn has been answered by a bid that is not written yet. */
  holds(conversation: string, turn: number): boolean {
    return this.#held.get(conversation)?.has(turn) ?? false;
  }

  /** Returns false when the answer is no bid and settles none. One bid is held for each turn: the newest. */
  take(conversation: string, answer: Answer, onResult: OnResult): boolean {
    const state = this.#conversations.get(conversation);
    const turn = state?.floor.find(({ number, member }) => number === answer.turn && member === answer.from);
    // An answer without a grant is refused by the conversation.
    if (answer.attempt === undefined || state?.seats.has(answer.from)) return false;
    const settles = answer.type === 'bid' || !isFailure(answer.reason);
    const earlier = this.#held.get(conversation)?.get(answer.turn);
    if (turn?.wanted !== 'bid' || !settles || this.#leaving || earlier?.submitted) return false;
    // A late bid counts, a late pass does not: it must not end the grant of a later attempt.
    if (answer.type === 'pass' && answer.attempt <= turn.attempts) return false;
    earlier?.onResult({
      kind: 'refused',
      code: 'stale-turn',
      message: 'a later answer has replaced this one',
    });
    const held = this.#held.get(conversation) ?? new Map<number, HeldBid>();
    this.#held.set(conversation, held.set(answer.turn, { answer, onResult, submitted: false }));
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

  /** The router stops: what is held is submitted at once. */
  leave(): void {
    this.#leaving = true;
    for (const [conversation, held] of this.#held)
      for (const bid of held.values()) this.#submit(conversation, bid);
  }

  /** Submits the bid of the first member on the floor, if it is held, and those that follow it without a gap. */
  #place(conversation: string): void {
    const held = this.#held.get(conversation);
    if (!held) return;
    for (const { number } of this.#conversations.get(conversation)?.floor ?? []) {
      const bid = held.get(number);
      if (!bid) return;
      this.#submit(conversation, bid);
    }
  }

  /** Submits the bids of turns that are not open any more, so that each is refused with the reason. */
  #giveUp(conversation: string, isOpen: (turn: number) => boolean): void {
    for (const [turn, bid] of this.#held.get(conversation) ?? [])
      if (!isOpen(turn)) this.#submit(conversation, bid);
  }

  #submit(conversation: string, bid: HeldBid): void {
    if (bid.submitted) return;
    bid.submitted = true;
    this.#resubmitter.submit(conversation, bid.answer, (outcome) => {
      const held = this.#held.get(conversation);
      held?.delete(bid.answer.turn);
      if (held?.size === 0) this.#held.delete(conversation);
      bid.onResult(outcome);
      this.#onReleased(conversation, bid.answer.turn);
    });
  }
}
