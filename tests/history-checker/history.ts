import type { Entry } from '@parley/protocol';

/** The entries of one conversation as one ledger has them, in the order in which they stand there. */
export interface History {
  readonly source: string;
  readonly conversation: string;
  readonly entries: readonly Entry[];
}

/** What a router told a client, and therefore must never take back. */
export type Receipt =
  /** A line, a pass or an opening was accepted as the entry `seq`. */
  | {
      readonly kind: 'accepted';
      readonly conversation: string;
      readonly seq: number;
      readonly turn?: number;
      /** Who was told so. */
      readonly by?: string;
    }
  /** The entry was delivered or shown. */
  | { readonly kind: 'shown'; readonly conversation: string; readonly entry: Entry };

export type FaultKind =
  /** What was acknowledged or shown is not there. */
  | 'lost'
  /** One turn was taken twice, or an entry stands twice. */
  | 'doubled'
  /** Entries stand in another order than the one in which they were numbered or acknowledged. */
  | 'reordered'
  /** A seq is missing. */
  | 'gap'
  /** An entry is not what it was when it was shown, or is different in two ledgers. */
  | 'changed'
  /** It goes on after its end, or does not begin with its beginning. */
  | 'misplaced';

export interface Fault {
  readonly kind: FaultKind;
  readonly conversation: string;
  readonly detail: string;
}
