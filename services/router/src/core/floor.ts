import type { EntryOf } from '@parley/protocol';
import type { Conversation, Turn } from './conversation.ts';

const maxRetryDelayMs = 30_000;

/** A lost connection or a missed deadline has cost time already; a failing model is given time to recover. */
const retryDelayMs = (cause: EntryOf<'lapsed'>['cause'], attempts: number): number =>
  cause === 'gone' || cause === 'deadline' || cause === 'interrupted'
    ? 0
    : Math.min(maxRetryDelayMs, 250 * 2 ** attempts);

export const lapsed = (turn: Turn, { cause, at }: EntryOf<'lapsed'>): Turn => ({
  ...turn,
  attempts: turn.attempts + 1,
  notBefore: at + retryDelayMs(cause, turn.attempts + 1),
});

/** What an entry says about the floor. */
interface Giving {
  readonly seq: number;
  readonly at: number;
  readonly floor: readonly string[];
  readonly bidding?: boolean;
}

/**
 * The floor that an entry gives. Who already has a turn keeps it, except for the turn that the entry takes; who
 * is new gets the next number.
 */
export const giveFloor = (
  state: Pick<Conversation, 'floor' | 'nextTurn' | 'limits'>,
  entry: Giving,
  by: string,
  about: { readonly taken?: number | undefined; readonly target?: string | undefined } = {},
): Pick<Conversation, 'floor' | 'nextTurn'> => {
  const wanted = entry.bidding ? 'bid' : 'speak';
  let nextTurn = state.nextTurn;
  const floor = entry.floor.map((member): Turn => {
    const kept = state.floor.find(
      (turn) => turn.member === member && turn.number !== about.taken && turn.wanted === wanted,
    );
    if (kept) return member === about.target ? { ...kept, since: entry.seq, givenBy: by } : kept;
    // Who owes one more reply owes it to the member that it has not answered, not to itself.
    const giver =
      member === by ? (state.floor.find(({ number }) => number === about.taken)?.givenBy ?? by) : by;
    const notBefore = entry.at + (state.limits.paceMs ?? 0);
    return {
      number: nextTurn++,
      wanted,
      member,
      givenBy: giver,
      since: entry.seq,
      givenAt: entry.at,
      attempts: 0,
      notBefore,
    };
  });
  return { floor, nextTurn };
};
