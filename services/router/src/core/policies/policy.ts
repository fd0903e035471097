import type { Conversation, Turn } from '../conversation.ts';

/** The line after which the floor is given. `state` is the conversation before it. */
export interface Line {
  readonly kind: 'said' | 'passed';
  readonly from: string;
  readonly text?: string;
  readonly target?: string | undefined;
  /** It is a vote that the conversation is done. */
  readonly done?: boolean | undefined;
  /** The turn that it takes; none for a line that nobody waited for. */
  readonly taken?: Turn | undefined;
  /** The speaker was addressed again by an entry that it had not seen. */
  readonly owesMore: boolean;
}

/** Who has the floor: to speak, or to bid for it. */
export type Floor = { readonly names: readonly string[]; readonly bidding?: true };

/** One file each, one line in `policies.ts`. Pure: the same conversation and line give the same floor. */
export interface Policy {
  /** Members may speak without a turn, and a target that is not a member joins. */
  readonly free: boolean;
  /** Who has the floor after `line`. A target that joins is not yet among the members. */
  floorAfter(state: Conversation, line: Line): Floor;
}

export const nextInOrder = (members: readonly string[], from: string): string =>
  members[(members.indexOf(from) + 1) % members.length] as string;

/** Those who still owe a reply when the turn that `line` takes is gone. */
export const stillOwing = (state: Conversation, line: Line): string[] => {
  const names = state.floor.filter((turn) => turn !== line.taken).map((turn) => turn.member);
  if (line.owesMore && !names.includes(line.from)) names.push(line.from);
  return names;
};

/** Whom to hand the word to when nobody owes a reply: who addressed the speaker, else the next in order. */
export const handBack = (state: Conversation, line: Line): string => {
  const giver = line.taken?.givenBy;
  const known = giver !== undefined && giver !== line.from && state.members.includes(giver);
  return known ? giver : nextInOrder(state.members, line.from);
};
