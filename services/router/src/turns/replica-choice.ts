import type { Replica } from '../presence/replica.ts';
import type { GrantTable } from './grants/grant-table.ts';
import type { KnownConversations } from './grants/known-conversations.ts';

/** More than any number of turns that a replica has under way. */
const unfamiliarCost = 10_000;
const lapsedCost = 1_000_000;

/**
 * Chooses the replica that takes a turn. Of `replicas`, which all have free capacity: another than the one that let this turn
 * lapse, then one that knows the conversation, because its caches are warm, then the one with the fewest turns under way.
 */
export const bestReplica = (
  replicas: readonly Replica[],
  conversation: string,
  lapsedBy: Replica | undefined,
  { known, grants }: { readonly known: KnownConversations; readonly grants: GrantTable },
): Replica | undefined => {
  // Mostly there is no choice.
  if (replicas.length < 2) return replicas[0];
  let best: Replica | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const replica of replicas) {
    const cost =
      (replica === lapsedBy ? lapsedCost : 0) +
      (known.has(replica, conversation) ? 0 : unfamiliarCost) +
      grants.countOf(replica);
    if (cost < least) [best, least] = [replica, cost];
  }
  return best;
};
