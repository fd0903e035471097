import type { Conversations, Missed } from '../../conversations/conversations.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';
import { policies } from '../../core/policies/policies.ts';
import type { Presence } from '../../presence/presence.ts';
import type { Answer, Bids } from '../../turns/bids.ts';
import type { GrantRules } from '../../turns/grants/grant-rules.ts';
import type { Scheduler } from '../../turns/scheduler.ts';
import { silentFor } from './floor-digest.ts';
import type { MessageSender } from './message-sender.ts';
import type { PlainGrants } from './plain-grants.ts';
import { isAddressed } from './plain-message.ts';
import { type PlainTurns, turnOf } from './plain-turns.ts';

export interface PlainOffersOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly bids: Bids;
  readonly rules: GrantRules;
  readonly scheduler: Scheduler;
  readonly grants: PlainGrants;
  readonly turns: PlainTurns;
  readonly sender: MessageSender;
}

/** Grants turns to connected plain clients, or places bids for them. */
export class PlainOffers {
  readonly #options: PlainOffersOptions;

  constructor(options: PlainOffersOptions) {
    this.#options = options;
  }

  /**
   * Grants the waiting turns of a client that has just connected. Under a policy without order, the message that gives the turn
   * was just sent from the mailbox, or was acknowledged on an earlier connection: then it is not sent again before the turn
   * lapses.
   */
  offerAll(name: string): void {
    const { conversations, scheduler, rules, turns } = this.#options;
    for (const id of [...scheduler.waitingOf(name)]) {
      const state = conversations.get(id);
      const turn = state && turnOf(state, name);
      if (!turn || turns.has(state, turn)) continue;
      if (!this.#wasInMailbox(state, turn)) this.#offer(state, name);
      else if (rules.isGrantable(state, turn)) turns.grant(state, turn, true);
    }
  }

  /** Whether the message that gave the turn is one that waits in mailboxes: one with the member as its target. */
  #wasInMailbox(state: Conversation, { member, since }: Turn): boolean {
    const { allowsUnsolicited, requiresTarget } = policies[state.policy];
    if (!allowsUnsolicited || requiresTarget) return allowsUnsolicited;
    let target: string | undefined;
    this.#options.conversations.attempt(state.id, () => {
      const [entry] = this.#options.conversations.entriesSince(state.id, since - 1, 1);
      target = entry && isAddressed(entry) ? entry.target : undefined;
    });
    return target === member;
  }

  onCommit({ after, turns: { ended, due } }: Missed): void {
    const { grants, presence, turns } = this.#options;
    for (const { member, number } of ended) {
      const grant = grants.at(after.id, member);
      if (grant) turns.end(grant, number);
    }
    for (const turn of due) {
      const grant = grants.at(after.id, turn.member);
      if (grant?.turn !== turn.number) {
        if (presence.plainClient(turn.member)) this.#offer(after, turn.member);
      } else if (turn.attempts >= grant.attempt) {
        if (grant.wasSentBefore) {
          turns.end(grant, turn.number);
          this.#offer(after, turn.member);
        } else turns.nextAttempt(after, turn, grant);
      }
    }
  }

  /** Tries turns again that could not be granted before. */
  tick(): void {
    const { conversations, turns, sender } = this.#options;
    for (const [id, names] of turns.takeDue()) {
      for (const name of names) {
        const state = conversations.get(id);
        if (state) this.#offer(state, name);
        sender.release(id, name);
      }
    }
  }

  /** A damaged conversation is hidden and does not affect the other turns of the client. */
  #offer(state: Conversation, name: string): void {
    this.#options.conversations.attempt(state.id, () => this.#tryOffer(state, name));
  }

  #tryOffer(state: Conversation, name: string): void {
    const { presence, bids, rules, turns, sender } = this.#options;
    const turn = turnOf(state, name);
    const client = presence.plainClient(name);
    if (!turn || !client || turns.has(state, turn) || bids.holds(state.id, turn.number)) return;
    if (!sender.isReading(client) || !rules.isGrantable(state, turn)) return turns.defer(state.id, name);
    if (turn.wanted === 'speak') sender.giveFloor(state, name);
    else this.#bidFor(state, turn);
  }

  /**
   * A plain client cannot bid. The router bids for it: the longer it was silent, the higher. The client need not answer, so no
   * turn is granted: nothing lapses while its bid waits for the other bids.
   */
  #bidFor(state: Conversation, { member, number, attempts }: Turn): void {
    const { conversations, bids, scheduler, turns } = this.#options;
    const others = state.members.length - 1;
    const score = Math.min(100, Math.ceil((100 * silentFor(conversations, state, member)) / others));
    const bid: Answer = { type: 'bid', from: member, turn: number, attempt: attempts + 1, score };
    const isTaken = bids.take(state.id, bid, ({ kind }) => {
      // A turn that is still open would wait for ever: no commit changes it.
      if (kind === 'refused') turns.defer(state.id, member);
    });
    if (isTaken) scheduler.bidHeld(state.id, bid);
  }
}
