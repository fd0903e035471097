import type { Claim, Cluster } from '../../cluster/cluster.ts';
import type { Conversation, Turn } from '../../core/conversation.ts';

/** The turns that other routers have granted. Empty when this router has its ledger alone. */
export class TurnsElsewhere {
  readonly #cluster: Pick<Cluster, 'self' | 'claims'> | undefined;

  constructor(cluster: Pick<Cluster, 'self' | 'claims'> | undefined) {
    this.#cluster = cluster;
  }

  /** The newest claim of another router on the turn, even if its attempt has lapsed. */
  claimOf(conversation: string, turn: number): Claim | undefined {
    let newest: Claim | undefined;
    for (const claim of this.#cluster?.claims.inConversation(conversation) ?? [])
      if (claim.turn === turn && claim.router !== this.#cluster?.self)
        if (claim.attempt > (newest?.attempt ?? 0)) newest = claim;
    return newest;
  }

  /**
   * Whether the turn is under way on another router. A turn on a dead router counts as well, until the lapse of its attempt is
   * in the ledger: only then another attempt is granted.
   */
  holds({ id }: Pick<Conversation, 'id'>, { number, attempts }: Pick<Turn, 'number' | 'attempts'>): boolean {
    const claim = this.#cluster?.claims.at(id, number);
    return claim !== undefined && claim.router !== this.#cluster?.self && claim.attempt > attempts;
  }

  countIn(state: Pick<Conversation, 'id' | 'floor'>): number {
    if (!this.#cluster) return 0;
    let count = 0;
    for (const turn of state.floor) if (this.holds(state, turn)) count++;
    return count;
  }
}
