import type { Conversation, Turn } from '../conversation.ts';

/** What entries changed in the turns of a conversation. */
export interface FloorChange {
  /** Turns that are not open any more, as they were. */
  readonly ended: readonly Turn[];
  /** Open turns that may be granted otherwise than before: new and changed ones; all, when a rule that holds for all has changed. */
  readonly due: readonly Turn[];
}

const none: readonly Turn[] = [];

/**
 * Those of `turns` that are not among `others`. A turn that does not change is the same object in every state, and nearly all
 * entries keep the order of the turns, so that each is found at once.
 */
const missing = (turns: readonly Turn[], others: readonly Turn[]): readonly Turn[] => {
  let found: Turn[] | undefined;
  let next = 0;
  for (const turn of turns) {
    if (others[next] === turn) next++;
    else {
      const at = others.indexOf(turn);
      if (at !== -1) next = at + 1;
      else if (found) found.push(turn);
      else found = [turn];
    }
  }
  return found ?? none;
};

/**
 * Whether a turn that did not change may be granted as before: what `GrantRules` and the scheduler look at besides the turn. In a
 * step, an answer to one turn makes way for another one.
 */
const hasSameRules = (before: Conversation, after: Conversation): boolean =>
  before.stepping === undefined &&
  after.stepping === undefined &&
  before.status === after.status &&
  before.begun === after.begun &&
  before.seats === after.seats &&
  before.cast === after.cast &&
  before.limits === after.limits;

/** Its cost depends on the number of turns that changed, and hardly on that of the others. */
export const floorChange = (before: Conversation | undefined, after: Conversation): FloorChange => {
  if (!before) return { ended: none, due: after.floor };
  if (before.floor === after.floor && hasSameRules(before, after)) return { ended: none, due: none };
  const changed = missing(after.floor, before.floor);
  const isOpen = ({ number }: Turn) => changed.some((turn) => turn.number === number);
  const ended = missing(before.floor, after.floor).filter((turn) => !isOpen(turn));
  return { ended, due: hasSameRules(before, after) ? changed : after.floor };
};
