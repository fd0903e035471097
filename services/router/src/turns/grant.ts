import type { Lease } from '../quota/pool.ts';
import type { Connection } from '../socket/connection.ts';

/** One `parley.v1` connection that speaks for an agent. */
export interface Replica {
  readonly name: string;
  readonly connection: Connection;
  readonly capacity: number;
  /** The model that it says it speaks with. */
  readonly model: string | undefined;
  readonly grants: Set<Grant>;
  /** Per conversation, seq of the last entry that this connection was sent. */
  readonly sent: Map<string, number>;
}

export interface Grant {
  readonly conversation: string;
  readonly turn: number;
  readonly attempt: number;
  readonly replica: Replica;
  readonly grantedAt: number;
  readonly deadline: number;
  /** Seq of the last entry that the replica had been sent when it was granted the turn. */
  readonly seen: number;
  /** The call that goes with it, where calls of the model are counted. */
  readonly lease: Lease | undefined;
}

/** Told how long turns wait for a replica, and how long replicas take. */
export interface TurnObserver {
  granted(waitedMs: number): void;
  answered(tookMs: number): void;
}

/**
 * Among replicas with room: not the one that let this turn lapse, then one that holds the history, then the one with
 * the fewest turns under way.
 */
export const bestReplica = (
  replicas: readonly Replica[],
  conversation: string,
  lapsed: Replica | undefined,
): Replica | undefined => {
  const cost = (replica: Replica) =>
    (replica === lapsed ? 1_000_000 : 0) +
    (replica.sent.has(conversation) ? 0 : 10_000) +
    replica.grants.size;
  let best: Replica | undefined;
  for (const replica of replicas) if (!best || cost(replica) < cost(best)) best = replica;
  return best;
};
