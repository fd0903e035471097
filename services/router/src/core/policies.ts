import type { PolicyName } from '@parley/protocol';
import type { Conversation, Turn } from './conversation.ts';

/** The line after which the floor is given. */
export interface Line {
  readonly from: string;
  readonly target?: string | undefined;
  /** The turn that it takes; none for a line that nobody waited for. */
  readonly taken?: Turn | undefined;
  readonly kind: 'said' | 'passed';
  /** The speaker was addressed again by an entry that it had not seen. */
  readonly owesMore: boolean;
}

export interface Policy {
  /** Members may speak without a turn, and a target that is not a member joins. */
  readonly free: boolean;
  /** Who has the floor after `line`. Pure; `members` already holds a target that joins. */
  floorAfter(state: Conversation, line: Line): readonly string[];
}

const nextInOrder = (members: readonly string[], from: string): string =>
  members[(members.indexOf(from) + 1) % members.length] as string;

/** Whoever is addressed owes a reply. Two that address each other are a pair, three in a circle a ring. */
const addressed: Policy = {
  free: true,
  floorAfter(state, line) {
    const names = state.floor.filter((turn) => turn !== line.taken).map((turn) => turn.member);
    if (line.owesMore && !names.includes(line.from)) names.push(line.from);
    if (line.kind === 'said') {
      if (line.target !== undefined && !names.includes(line.target)) names.push(line.target);
      return names;
    }
    if (names.length > 0) return names;
    // Nobody else owes a reply: a pass hands the word back to who addressed the passer.
    const giver = line.taken?.givenBy;
    return [giver !== undefined && giver !== line.from ? giver : nextInOrder(state.members, line.from)];
  },
};

const roundRobin: Policy = {
  free: false,
  floorAfter: (state, line) => [nextInOrder(state.members, line.from)],
};

export const policies: Readonly<Record<PolicyName, Policy>> = { addressed, 'round-robin': roundRobin };
