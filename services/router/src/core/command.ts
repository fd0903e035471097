import type { Entry, LapseCause, Limits, PassReason, PolicyName, RefusalCode, Usage } from '@parley/protocol';

/** What somebody wants of a conversation. `from` and `by` are set by the router, never by a peer. */
export type Command =
  | {
      readonly type: 'open';
      readonly by: string;
      readonly members: readonly string[];
      readonly first: string;
      readonly policy: PolicyName;
      readonly topic?: string | undefined;
      readonly limits: Limits;
    }
  | {
      readonly type: 'say';
      readonly from: string;
      /** The granted turn that this answers; none for a line that nobody waited for. */
      readonly turn?: number | undefined;
      readonly text: string;
      readonly target?: string | undefined;
      readonly usage?: Usage | undefined;
      /** Seq of the last entry that the speaker had been sent; all of them, when missing. */
      readonly seen?: number | undefined;
    }
  | {
      readonly type: 'pass';
      readonly from: string;
      readonly turn: number;
      readonly reason: PassReason;
      readonly detail?: string | undefined;
    }
  | {
      readonly type: 'lapse';
      readonly turn: number;
      readonly cause: LapseCause;
      readonly detail?: string | undefined;
    }
  | { readonly type: 'join' | 'leave'; readonly who: string }
  | { readonly type: 'pause' | 'resume' | 'end'; readonly by: string; readonly detail?: string | undefined }
  /** Time has gone by. */
  | { readonly type: 'tick' };

export type Decision =
  | { readonly kind: 'append'; readonly entries: readonly Entry[] }
  /** It had been done before; this is the entry that stands for it. */
  | { readonly kind: 'repeat'; readonly seq: number; readonly turn: number }
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly message: string };

export const append = (...entries: readonly Entry[]): Decision => ({ kind: 'append', entries });
export const refuse = (code: RefusalCode, message: string): Decision => ({ kind: 'refuse', code, message });
