import type { Admission, Ending, Limits, PolicyName, Role } from '@parley/protocol';
import type { Compared } from './audience.ts';

/** A part of a conversation in which a name was a member: first and last seq; the last is missing while it is one. */
interface Attendance {
  readonly from: number;
  readonly through?: number;
}

/** The right and the duty of one member to add the next line, or to bid for the floor. */
export interface Turn {
  readonly number: number;
  readonly wanted: 'speak' | 'bid';
  readonly member: string;
  /** Who addressed the member; itself, when it opened the conversation. */
  readonly givenBy: string;
  /** Seq of the last entry that addressed the member. */
  readonly since: number;
  readonly givenAt: number;
  /** Grants of this turn that came back without an answer. */
  readonly attempts: number;
  /** Those of them that do not count against the allowed attempts: the model was being loaded. */
  readonly uncounted?: number;
  /** Seq of the `lapsed` entry of the last of them. */
  readonly lapsedAs?: number;
  /** Not to be granted before this time. */
  readonly notBefore: number;
}

export type Status =
  | { readonly state: 'running' }
  | { readonly state: 'paused'; readonly since: number }
  | { readonly state: 'ended'; readonly at: number; readonly reason: Ending; readonly detail?: string };

/** Tokens and dollars. */
export interface Spent {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: number;
}

/** A bid for the floor. */
interface Placed {
  readonly member: string;
  readonly score: number;
  /** It could not say how much it wants: it failed, or was not there. */
  readonly failed?: 'failed' | 'absent';
}

interface Taken {
  readonly member: string;
  readonly turn: number;
  readonly seq: number;
}

/** One conversation, as its entries say it is. Everything here can be rebuilt from the ledger. */
export interface Conversation {
  readonly id: string;
  /** Seq of the last entry. */
  readonly seq: number;
  /** The date of the last entry: the next one's is no earlier. */
  readonly lastAt: number;
  readonly by: string;
  /** In the order in which policies go round: as `open` named them, later joiners behind. */
  readonly members: readonly string[];
  /** The members with which it was opened. */
  readonly named: readonly string[];
  readonly admission: Admission;
  readonly policy: PolicyName;
  readonly topic?: string;
  readonly moderator?: string;
  readonly seed: number;
  readonly parent?: { readonly conversation: string; readonly seq: number };
  readonly cast: ReadonlyMap<string, Role>;
  /** Who hears a member's lines, where that is not everybody. */
  readonly hears: ReadonlyMap<string, readonly string[]>;
  /**
   * When a name was a member, where that is not from the beginning until now: members who joined without history, and former
   * members.
   */
  readonly attended: ReadonlyMap<string, readonly Attendance[]>;
  /** Members in whose place somebody else speaks. */
  readonly seats: ReadonlyMap<string, string>;
  readonly limits: Limits;
  readonly startedAt: number;
  readonly pausedMs: number;
  readonly status: Status;
  /** Whether anything has been said besides the line with which it was opened. */
  readonly begun: boolean;
  /** Lines until it is paused again, and for whom; none when it runs freely. */
  readonly stepping?: { readonly lines: number; readonly by: string };
  /** Who has the floor: one member, or several where several owe a reply. */
  readonly floor: readonly Turn[];
  readonly nextTurn: number;
  /** Bids of the round under way. */
  readonly bids: readonly Placed[];
  /** Lines so far, said or passed. `maxTurns` counts these. */
  readonly lines: number;
  /** Who has passed since something was last said, and whether each did so because it failed. */
  readonly passes: readonly { readonly member: string; readonly failed: boolean }[];
  /** Members who voted `done` since somebody last went on. */
  readonly votes: readonly string[];
  /** Lines in a row that repeat earlier ones, and that only say goodbye. */
  readonly repeats: number;
  readonly farewells: number;
  /** Fingerprints of the newest messages, where repetition is limited. */
  readonly recent: readonly Compared[];
  /** Whom a member addressed, newest last; some of them, where they are many. */
  readonly addressed: ReadonlyMap<string, readonly string[]>;
  readonly lastSpeaker?: string;
  readonly spent: Spent;
  readonly spentBy: ReadonlyMap<string, Spent>;
  /** The last turn that each member took, so that a repeated answer is known as one. */
  readonly taken: readonly Taken[];
}
