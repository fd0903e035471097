import type { Connection } from './connection.ts';

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
}

/** Told how long turns wait for a replica, and how long replicas take. */
export interface TurnClock {
  granted(waitedMs: number): void;
  answered(tookMs: number): void;
}
