import type { Admission, Ending, Limits, PauseReason, PolicyName, Role, Usage } from '@parley/protocol';
import type { Compared } from './floor/audience.ts';

/** The right and the duty of one member to add the next message, or to bid for the floor. */
export interface Turn {
  readonly number: number;
  readonly wanted: 'speak' | 'bid';
  readonly member: string;
  /** Who addressed the member; itself, when it opened the conversation. */
  readonly givenBy: string;
  /** Seq of the last entry that addressed the member. */
  readonly since: number;
  readonly givenAt: number;
  /** Grants of this turn that ended without an answer. */
  readonly attempts: number;
  /** How many of them do not count against the allowed attempts, because the model was being loaded. */
  readonly uncounted?: number;
  /** Seq of the `lapsed` entry of the last of them. */
  readonly lapsedAs?: number;
  /** Not to be granted before this time. */
  readonly notBefore: number;
}

export type Status =
  | { readonly state: 'running' }
  /** `reason`: why the router itself has paused it. */
  | {
      readonly state: 'paused';
      readonly since: number;
      readonly reason?: PauseReason;
      readonly detail?: string;
    }
  | {
      readonly state: 'ended';
      readonly at: number;
      readonly reason: Ending;
      readonly detail?: string;
      readonly unanswered?: readonly string[];
    };

/** What an answer took of its model. */
export interface Paid {
  readonly usage?: Usage | undefined;
  readonly cost?: number | undefined;
  /** How long the replica had the grant; undefined where no grant is answered in time. */
  readonly tookMs?: number | undefined;
}

/** The fields of an entry that say what an answer took. */
export const paid = ({ usage, cost, tookMs }: Paid) => ({
  ...(usage && { usage }),
  ...(cost && { cost }),
  ...(tookMs !== undefined && { tookMs }),
});

/** A message, or a pass, that is about to be appended. The conversation is the one before it. */
export interface Contribution extends Paid {
  readonly kind: 'said' | 'passed';
  readonly from: string;
  /** The turn that it takes; none for an unsolicited message. */
  readonly taken: Turn | undefined;
  readonly text?: string;
  readonly target?: string | undefined;
  /** It is a vote that the conversation is done. */
  readonly done?: boolean | undefined;
  /** It is a pass because its member failed. */
  readonly failed?: boolean;
  /** The speaker was addressed again by an entry that it had not seen, so it owes another answer. */
  readonly owesMore?: boolean;
  readonly likeness?: number;
  readonly farewell?: boolean;
}

/** What answers took within one second; `at` is its beginning. */
export interface SpentInSecond {
  readonly at: number;
  readonly tokens: number;
  readonly cost: number;
}

/** Tokens and dollars. */
export interface Spent {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: number;
}

/** A bid for the floor. */
export interface PlacedBid {
  readonly member: string;
  readonly score: number;
  /** Why the router placed it for the member: the member failed, or was not connected. */
  readonly failed?: 'failed' | 'absent';
}

/** A part of a conversation in which a name was a member: first and last seq; `through` is missing while it is one. */
interface Attendance {
  readonly from: number;
  readonly through?: number;
}

/** Whom a member addressed, newest last; bounded. */
interface Addressed {
  readonly from: string;
  readonly targets: readonly string[];
}

/** An answer that was accepted. */
interface Taken {
  readonly member: string;
  readonly turn: number;
  readonly seq: number;
}

/** The state of one conversation. All of it can be rebuilt from its entries. */
export interface Conversation {
  readonly id: string;
  /** Seq of the last entry. */
  readonly seq: number;
  /** The time of the last entry. The next entry is no earlier. */
  readonly lastAt: number;
  readonly by: string;
  /** In the order of the policies: as the opening named them, then those who joined later. */
  readonly members: readonly string[];
  /** The members with which it was opened. */
  readonly named: readonly string[];
  readonly admission: Admission;
  readonly policy: PolicyName;
  readonly topic?: string;
  readonly moderator?: string;
  readonly seed: number;
  readonly labels?: readonly string[];
  readonly parent?: { readonly conversation: string; readonly seq: number };
  readonly cast: ReadonlyMap<string, Role>;
  /** The hearers of a member's messages, where these are not all members. */
  readonly hears: ReadonlyMap<string, readonly string[]>;
  /** When a name was a member: only of members who joined without history, and of former members. */
  readonly attended: ReadonlyMap<string, readonly Attendance[]>;
  /** By member: who speaks in its place. */
  readonly seats: ReadonlyMap<string, string>;
  readonly limits: Limits;
  readonly startedAt: number;
  readonly pausedMs: number;
  readonly status: Status;
  /** Whether there was any answer besides the message with which it was opened. */
  readonly begun: boolean;
  /** The number of contributions until it is paused again, and who resumed it in this way. */
  readonly stepping?: { readonly turns: number; readonly by: string };
  /** The open turns: one, or several where several members owe a reply or bid. */
  readonly floor: readonly Turn[];
  readonly nextTurn: number;
  /** Bids of the round under way. */
  readonly bids: readonly PlacedBid[];
  /** Messages and passes so far. `maxTurns` counts these. */
  readonly turnsTaken: number;
  /** Who has passed since the last message, and whether because of a failure. */
  readonly passes: readonly { readonly member: string; readonly failed: boolean }[];
  /** Members who voted `done` since a member last went on. */
  readonly votes: readonly string[];
  /** Messages in a row that repeat earlier ones, and that only say goodbye. */
  readonly repeats: number;
  readonly farewells: number;
  /** Fingerprints of the newest messages, where repetition is limited. */
  readonly recent: readonly Compared[];
  /** By member that addressed another one. A list, because a message changes it, and a copy of a map costs ten times as much. */
  readonly addressed: readonly Addressed[];
  readonly lastSpeaker?: string;
  readonly spent: Spent;
  readonly spentBy: ReadonlyMap<string, Spent>;
  /** What was spent in the last minute, oldest first; only where the limits say how fast a conversation may spend. */
  readonly velocity?: readonly SpentInSecond[];
  /** Members that have said something, passed by choice or bid, at least once. */
  readonly answered: readonly string[];
  /** The last turn that each member took, to recognise a repeated answer. */
  readonly taken: readonly Taken[];
}
