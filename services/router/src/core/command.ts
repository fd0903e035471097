import type {
  Admission,
  Entry,
  Hearing,
  LapseCause,
  Limits,
  NoteKind,
  PassReason,
  PolicyName,
  RefusalCode,
  Role,
  Usage,
} from '@parley/protocol';
import type { Conversation } from './conversation.ts';

/** What an answer took of its model. */
export interface Paid {
  readonly usage?: Usage | undefined;
  readonly cost?: number | undefined;
}

/** What a member's settings say of the addressee of its messages (PROTOCOL §10.7). */
export interface Aim {
  readonly target: string;
  /** Names in the order of the ring, the opener first; empty when the targets form none. */
  readonly ring: readonly string[];
}

/**
 * The grant that an answer answers. Both fields are required, so that no caller forgets to find out whether there is one:
 * an answer without is refused, unless it repeats one that was taken.
 */
export interface Answers {
  readonly turn: number;
  /** The attempt at the turn that was granted to the connection that answers; undefined: none was. */
  readonly attempt: number | undefined;
}

/** A message that names no turn. */
interface Unasked {
  readonly turn?: undefined;
  readonly attempt?: undefined;
  /**
   * The turn that it takes while its speaker still has it. `any`: whichever that is, of a plain client, which knows no turns,
   * where members may speak freely.
   */
  readonly takes?: Answers | 'any' | undefined;
}

/** What somebody wants of a conversation. `from`, `by` and `cost` are set by the router, never by a peer. */
export type Command =
  | {
      readonly type: 'open';
      readonly by: string;
      readonly members: readonly string[];
      readonly first?: string | undefined;
      readonly policy: PolicyName;
      readonly topic?: string | undefined;
      readonly moderator?: string | undefined;
      readonly cast?: readonly Role[] | undefined;
      readonly hears?: readonly Hearing[] | undefined;
      readonly admission?: Admission | undefined;
      readonly seed?: number | undefined;
      /** The first speaker's first line, which needs no model. */
      readonly opening?: string | undefined;
      readonly limits: Limits;
      /** Digest of the request that wants it, where that has an idempotency key. */
      readonly request?: string | undefined;
    }
  | {
      readonly type: 'fork';
      readonly by: string;
      /** The other conversation, as it was at the entry to fork at. */
      readonly parent: Conversation;
      readonly cast?: readonly Role[] | undefined;
      readonly limits: Limits;
      readonly request?: string | undefined;
    }
  | ({
      readonly type: 'say';
      readonly from: string;
      readonly text: string;
      readonly target?: string | undefined;
      /** Whom the speaker is set to address, and the ring of such targets that leads back to the opener, if there is one. */
      readonly aim?: Aim | undefined;
      readonly to?: readonly string[] | undefined;
      readonly done?: boolean | undefined;
      /** Seq of the last entry that the speaker had been sent; all of them, when missing. */
      readonly seen?: number | undefined;
      /** `seat`: who speaks in the member's place. `operator`: who need not be a member or have the floor. */
      readonly as?: { readonly seat: string } | 'operator';
    } & (Answers | Unasked) &
      Paid)
  | ({
      readonly type: 'pass';
      readonly from: string;
      readonly reason: PassReason;
      readonly detail?: string | undefined;
      readonly retryAfterMs?: number | undefined;
    } & Answers &
      Paid)
  | ({ readonly type: 'bid'; readonly from: string; readonly score: number } & Answers & Paid)
  | {
      readonly type: 'lapse';
      readonly turn: number;
      readonly cause: LapseCause;
      readonly detail?: string | undefined;
      readonly retryAfterMs?: number | undefined;
    }
  /** Nobody has been there to take the turn for as long as the limits allow. */
  | { readonly type: 'absent'; readonly turn: number }
  /** It has not begun, and these members are not there. */
  | { readonly type: 'missing'; readonly who: readonly string[] }
  /** The turn cannot be granted inside the limits, and waiting does not help. */
  | { readonly type: 'fail'; readonly detail: string }
  | {
      readonly type: 'note';
      readonly by: string;
      readonly to: readonly string[];
      readonly kind: NoteKind;
      readonly text: string;
    }
  | { readonly type: 'summarise'; readonly who: string; readonly through: number; readonly text: string }
  | {
      readonly type: 'join';
      readonly who: string;
      readonly history?: boolean | undefined;
      /** An operator joins, or invites; it needs no invitation. */
      readonly as?: 'operator' | undefined;
    }
  | { readonly type: 'leave'; readonly who: string }
  | { readonly type: 'seat' | 'unseat'; readonly who: string; readonly by: string }
  | { readonly type: 'recast'; readonly by: string; readonly role: Role }
  | { readonly type: 'pause' | 'end'; readonly by: string; readonly detail?: string | undefined }
  | { readonly type: 'resume'; readonly by: string; readonly lines?: number | undefined }
  /** Time has gone by. */
  | { readonly type: 'tick' };
export type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

export type Decision =
  | { readonly kind: 'append'; readonly entries: readonly Entry[] }
  /** It had been done before; this is the entry that stands for it. */
  | { readonly kind: 'repeat'; readonly seq: number; readonly turn: number }
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly message: string };

export const append = (...entries: readonly Entry[]): Decision => ({ kind: 'append', entries });
export const refuse = (code: RefusalCode, message: string): Decision => ({ kind: 'refuse', code, message });

/** The fields of an entry that say what an answer took. */
export const paid = ({ usage, cost }: Paid) => ({ ...(usage && { usage }), ...(cost && { cost }) });
