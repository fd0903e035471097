import type { Replica } from '../../presence/replica.ts';
import type { Lease } from '../../quota/pool.ts';

/** A turn that a replica has been asked to take, until it is answered, lapses or is withdrawn. */
export interface Grant {
  readonly conversation: string;
  readonly turn: number;
  readonly attempt: number;
  /** The replica works on from another connection, and was sent no frame. */
  readonly isResumed: boolean;
  readonly replica: Replica;
  readonly grantedAt: number;
  /** When the grant lapses, by the steady clock. */
  readonly deadline: number;
  /** Seq of the last entry that the replica had been sent when it was granted the turn. */
  readonly seen: number;
  /** The permit for the model call, where a pool limits calls of the model. `GrantTable` settles it. */
  readonly lease: Lease | undefined;
}

/** What identifies a turn: its conversation and its number in it. */
export interface TurnPlace {
  readonly conversation: string;
  readonly turn: number;
}

/** Measures how long turns wait for a replica, and how long replicas take. In milliseconds. */
export interface TurnObserver {
  granted(waitedMs: number): void;
  answered(tookMs: number): void;
}
