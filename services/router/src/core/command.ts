import type { Entry, EntryOf, Loose, RefusalCode } from '@parley/protocol';
import type { Conversation } from './conversation.ts';

/** The addressee of a member's messages according to its settings (PROTOCOL §10.7). */
export interface Aim {
  readonly target: string;
  /** Names in the order of the ring, the opener first; empty when the targets form none. */
  readonly ring: readonly string[];
}

/**
 * The grant that an answer answers. Both fields are required, so that every caller has to look for the grant: an answer
 * without one is refused, unless it repeats one that was taken.
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
  /** The turn that it takes, if its speaker still has that turn. */
  readonly takes?: Answers | undefined;
}

/** The fields of an entry that its command gives. `seq`, `at` and the floor are decided. */
type Fields<T extends Entry['type'], Decided extends string = never> = Loose<
  Omit<EntryOf<T>, 'type' | 'seq' | 'at' | 'floor' | 'bidding' | Decided>
>;

/** A request to change a conversation. `from`, `by` and `cost` are set by the router, never by a peer. */
export type Command =
  | ({
      readonly type: 'open';
      /** Who speaks first; the policy decides when it is missing. */
      readonly first?: string | undefined;
      /** The first message of the first speaker, which needs no model. */
      readonly opening?: string | undefined;
    } & Fields<'opened'>)
  /** `parent`: the other conversation, as it was at the entry to fork at. */
  | ({ readonly type: 'fork'; readonly parent: Conversation } & Fields<'forked', 'parent'>)
  | ({
      readonly type: 'say';
      /**
       * The addressee in the settings of the speaker, and the ring of such targets that leads back to the opener, if there is
       * one.
       */
      readonly aim?: Aim | undefined;
      /** Seq of the last entry that the speaker had been sent; all of them, when missing. */
      readonly seen?: number | undefined;
      /** `seat`: who speaks in the member's place. `operator`: who need not be a member or have the floor. */
      readonly as?: { readonly seat: string } | 'operator';
    } & Fields<'said', 'turn' | 'likeness' | 'farewell'> &
      (Answers | Unasked))
  | ({ readonly type: 'pass'; readonly retryAfterMs?: number | undefined } & Fields<'passed', 'turn'> &
      Answers)
  | ({ readonly type: 'bid' } & Fields<'bid', 'turn' | 'failed'> & Answers)
  /** `attempt`: the one that has ended; a lapse of one that has lapsed already has no effect. */
  | ({ readonly type: 'lapse'; readonly attempt?: number | undefined } & Fields<
      'lapsed',
      'from' | 'usage' | 'cost'
    >)
  /** No connection has spoken for the member for as long as the limits allow. */
  | { readonly type: 'absent'; readonly turn: number }
  /** The conversation has not begun, and these members are not connected. */
  | { readonly type: 'missing'; readonly who: readonly string[] }
  /** The turn cannot be granted inside the limits, and waiting does not help. */
  | { readonly type: 'fail'; readonly detail: string }
  | ({ readonly type: 'note' } & Fields<'noted'>)
  | ({ readonly type: 'summarise' } & Fields<'summarised'>)
  /** `operator`: an operator joins, or invites; it needs no invitation. */
  | ({ readonly type: 'join'; readonly as?: 'operator' | undefined } & Fields<'joined'>)
  | { readonly type: 'leave'; readonly who: string }
  | ({ readonly type: 'seat' | 'unseat' } & Fields<'seated'>)
  | ({ readonly type: 'recast' } & Fields<'recast'>)
  | { readonly type: 'pause' | 'end'; readonly by: string; readonly detail?: string | undefined }
  | ({ readonly type: 'resume' } & Fields<'resumed'>)
  /** Time has passed. */
  | { readonly type: 'tick' };
export type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

export type Decision =
  | { readonly kind: 'append'; readonly entries: readonly Entry[] }
  /** The command was executed before, by this entry. */
  | { readonly kind: 'repeat'; readonly seq: number; readonly turn: number }
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly message: string };

export const append = (...entries: readonly Entry[]): Decision => ({ kind: 'append', entries });
export const refuse = (code: RefusalCode, message: string): Decision => ({ kind: 'refuse', code, message });
