import type { EntryOf } from '@parley/protocol';
import type { Conversation, Turn } from '../conversation.ts';

const maxRetryDelayMs = 30_000;
/** A server that is loading a model is called again soon, because it does not announce that it is ready. */
const maxLoadingDelayMs = 5_000;
/** After this number of lapses because of a loading model (ten minutes), further ones count as failed attempts. */
const maxLoadings = 120;

/** Whether a lapse does not count as a failed attempt. */
export const isWaiting = ({ uncounted = 0 }: Turn, cause: EntryOf<'lapsed'>['cause']): boolean =>
  cause === 'model-loading' && uncounted < maxLoadings;
/** The longest wait that a model server may ask for. */
const mostRetryAfterMs = 86_400_000;

/** A failing model gets time to recover. A lost connection or a missed deadline has already taken time. */
const retryDelayMs = (cause: EntryOf<'lapsed'>['cause'], attempts: number): number =>
  cause === 'gone' || cause === 'deadline' || cause === 'interrupted'
    ? 0
    : Math.min(cause === 'model-loading' ? maxLoadingDelayMs : maxRetryDelayMs, 250 * 2 ** attempts);

export const lapsed = (turn: Turn, { seq, cause, at, retryAfterMs = 0 }: EntryOf<'lapsed'>): Turn => ({
  ...turn,
  attempts: turn.attempts + 1,
  ...(isWaiting(turn, cause) && { uncounted: (turn.uncounted ?? 0) + 1 }),
  lapsedAs: seq,
  notBefore: at + Math.max(retryDelayMs(cause, turn.attempts + 1), Math.min(retryAfterMs, mostRetryAfterMs)),
});

/** The fields of an entry that give the floor. */
interface Giving {
  readonly seq: number;
  readonly at: number;
  readonly floor: readonly string[];
  readonly bidding?: boolean;
}

/** A look-up of turns by number. Most floors are small, and for those a search costs less than a map. */
export const turnsOf = (floor: readonly Turn[]): ((number: number) => Turn | undefined) => {
  if (floor.length <= 8) return (number) => floor.find((turn) => turn.number === number);
  const turns = new Map(floor.map((turn) => [turn.number, turn]));
  return (number) => turns.get(number);
};

/** The floor after an entry that takes turns and does not write down the rest. */
export const giveBack = (
  { floor, nextTurn }: Pick<Conversation, 'floor' | 'nextTurn'>,
  isGone: (turn: Turn) => boolean,
): Pick<Conversation, 'floor' | 'nextTurn'> => ({ floor: floor.filter((turn) => !isGone(turn)), nextTurn });

/**
 * The floor that an entry gives. A member that has a turn keeps it, unless the entry takes that turn; any other member gets a
 * turn with the next number.
 */
export const giveFloor = (
  state: Pick<Conversation, 'floor' | 'nextTurn' | 'limits'>,
  entry: Giving,
  by: string,
  about: { readonly taken?: number | undefined; readonly target?: string | undefined } = {},
): Pick<Conversation, 'floor' | 'nextTurn'> => {
  const wanted = entry.bidding ? 'bid' : 'speak';
  let nextTurn = state.nextTurn;
  const isKept = (turn: Turn | undefined, member: string): boolean =>
    turn?.member === member && turn.number !== about.taken && turn.wanted === wanted;
  let next = 0;
  /** Nearly all entries keep the order of the turns, so that each is found at once. A map of them would cost more. */
  const heldBy = (member: string): Turn | undefined => {
    if (!isKept(state.floor[next], member)) {
      const at = state.floor.findIndex((turn) => isKept(turn, member));
      if (at === -1) return undefined;
      next = at;
    }
    return state.floor[next++];
  };
  const floor = entry.floor.map((member): Turn => {
    const kept = heldBy(member);
    if (kept) return member === about.target ? { ...kept, since: entry.seq, givenBy: by } : kept;
    // A member that owes one more reply owes it to the member that it has not answered, not to itself.
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
