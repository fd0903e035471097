import type { Conversations } from '../../conversations/conversations.ts';
import type { Replica } from '../../presence/replica.ts';
import type { Bids } from '../bids.ts';
import type { TurnPlace } from './grant.ts';
import type { GrantedAttempt, GrantRecords } from './grant-records.ts';
import type { GrantRules } from './grant-rules.ts';
import type { GrantTable } from './grant-table.ts';

/** The turn that an answer names. `attempt` is missing where the answer does not say which one it is. */
export interface AnsweredTurn extends TurnPlace {
  readonly attempt?: number | undefined;
}

export interface AnswerMatcherOptions {
  readonly conversations: Conversations;
  readonly bids: Bids;
  readonly grants: GrantTable;
  readonly records: GrantRecords;
  readonly rules: GrantRules;
}

/** Finds the grant that an answer belongs to, which distinguishes an unsolicited answer from a late one. */
export class AnswerMatcher {
  readonly #options: AnswerMatcherOptions;

  constructor(options: AnswerMatcherOptions) {
    this.#options = options;
  }

  /**
   * The attempt that an answer of this connection belongs to: that of the grant that it holds, or of an earlier grant while
   * the turn is still open. Undefined when the connection was granted none.
   */
  match(replica: Replica, { conversation, turn, attempt }: AnsweredTurn): GrantedAttempt | undefined {
    const { conversations, bids, grants, records, rules } = this.#options;
    const granted = records.attemptOf(replica, conversation, turn);
    if (!granted) return undefined;
    const isEarlier = attempt !== undefined && attempt < granted.attempt && !granted.isResumed;
    if (isEarlier) return { ...granted, attempt };
    const current = grants.at(conversation, turn);
    if (current?.replica === replica || bids.holds(conversation, turn)) return granted;
    // Another connection holds the turn now, so this connection answers an earlier grant of it.
    if (current) return { ...granted, attempt: Math.min(granted.attempt, current.attempt - 1) };
    const state = conversations.get(conversation);
    const open = state?.floor.find(({ number }) => number === turn);
    if (!state || !open) return granted;
    const counts =
      state.status.state === 'running' ? rules.mayContinue(state, open) : granted.attempt <= open.attempts;
    return counts ? granted : undefined;
  }
}
