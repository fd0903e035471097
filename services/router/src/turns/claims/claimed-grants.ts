import type { AttemptPlace } from '../../cluster/cluster.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';
import type { Presence } from '../../presence/presence.ts';
import type { Replica } from '../../presence/replica.ts';
import type { Lease } from '../../quota/pool.ts';
import type { GrantRules } from '../grants/grant-rules.ts';
import type { Granter } from '../grants/granter.ts';
import type { Claiming } from './claiming.ts';

export interface ClaimedGrantsOptions {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly rules: GrantRules;
  readonly granter: Granter;
  readonly claiming: Claiming;
  readonly mayGrant: () => boolean;
  /** Called when the turn was not granted, so that it waits again. */
  readonly requeue: (state: Conversation, turn: Turn) => void;
}

/** Grants turns after their claims were made. All rules are checked again, because the claim has taken time. */
export class ClaimedGrants {
  readonly #options: ClaimedGrantsOptions;

  constructor(options: ClaimedGrantsOptions) {
    this.#options = options;
  }

  begin(state: Conversation, turn: Turn, replica: Replica, lease: Lease | undefined): void {
    this.#options.claiming.begin(state, turn, replica, (place, won) => this.#end(replica, lease, place, won));
  }

  #end(replica: Replica, lease: Lease | undefined, place: AttemptPlace, won: boolean): void {
    const { conversations, rules, granter, claiming, mayGrant, requeue } = this.#options;
    const state = conversations.get(place.conversation);
    const turn = state?.floor.find(({ number }) => number === place.turn);
    const isOpen = turn !== undefined && turn.attempts + 1 === place.attempt;
    if (won && state && isOpen && this.#isThere(replica) && mayGrant() && rules.isGrantable(state, turn))
      return conversations.attempt(state.id, () => granter.grant(state, turn, replica, lease));
    lease?.pool.cancel(lease);
    if (won) claiming.release(place);
    if (state && turn) requeue(state, turn);
  }

  #isThere(replica: Replica): boolean {
    return replica.connection.isOpen && this.#options.presence.replicasOf(replica.name).has(replica);
  }
}
