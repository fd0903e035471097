import type { Replica } from '../presence/replica.ts';
import type { GrantTable } from './grants/grant-table.ts';

/** More than any number of turns that a replica has under way. */
const unfamiliarCost = 10_000;
const lapsedCost = 1_000_000;

/** Chooses the replica that takes a turn. */
export class ReplicaChoice {
  readonly #grants: GrantTable;
  /** Conversations that each replica knows, because it opened them or took turns in them: its caches are warm. */
  readonly #familiar = new WeakMap<Replica, Set<string>>();

  constructor({ grants }: { readonly grants: GrantTable }) {
    this.#grants = grants;
  }

  becomesFamiliar(replica: Replica, conversation: string): void {
    const familiar = this.#familiar.get(replica);
    if (familiar) familiar.add(conversation);
    else this.#familiar.set(replica, new Set([conversation]));
  }

  isFamiliar(replica: Replica, conversation: string): boolean {
    return this.#familiar.get(replica)?.has(conversation) ?? false;
  }

  forget(replica: Replica, conversation: string): void {
    this.#familiar.get(replica)?.delete(conversation);
  }

  /**
   * Of `replicas`, which all have free capacity: another than the one that let this turn lapse, then one that knows the
   * conversation, then the one with the fewest turns under way.
   */
  best(
    replicas: readonly Replica[],
    conversation: string,
    lapsedBy: Replica | undefined,
  ): Replica | undefined {
    let best: Replica | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const replica of replicas) {
      const isFamiliar = this.isFamiliar(replica, conversation);
      const cost =
        (replica === lapsedBy ? lapsedCost : 0) +
        (isFamiliar ? 0 : unfamiliarCost) +
        this.#grants.countOf(replica);
      if (cost < least) [best, least] = [replica, cost];
    }
    return best;
  }
}
