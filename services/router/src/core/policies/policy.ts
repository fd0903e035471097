import type { PolicyName } from '@parley/protocol';
import type { CommandOf } from '../command.ts';
import type { Contribution, Conversation, PlacedBid, Turn } from '../conversation.ts';

/** Who has the floor: to speak, or to bid for it. */
export type Floor = { readonly names: readonly string[]; readonly bidding?: true };

/** What the opener says of the conversation, as far as it matters for who speaks first. */
type Opening = Pick<CommandOf<'open'>, 'by' | 'moderator'>;

/**
 * All that is special about a way to give the floor. A policy is one file here, one line in `policies.ts`, and its twin in the
 * agent: the rest of the router tests no policy by its name. Every hook is pure, and sees the conversation before the contribution.
 */
export interface Policy {
  /** Members may speak without a turn, and a target that is not a member joins. */
  readonly allowsUnsolicited: boolean;
  /** Every message has an addressee: its target, or the one that `addressee` finds. */
  readonly requiresTarget: boolean;
  /** The targets in the settings of the agents count. */
  readonly followsTargets: boolean;
  /** A member that the text names with `@` may get a turn. */
  readonly mentionsGiveTurns: boolean;
  /** Who speaks first, where the opening does not say. */
  opensWith(opening: Opening): string;
  /** The addressee of a message that names none; undefined: it addresses no one. */
  addressee(state: Conversation, message: CommandOf<'say'>, turn: Turn | undefined): string | undefined;
  /** Who has the floor after the contribution. A target that joins is not yet among the members. */
  floorAfter(state: Conversation, contribution: Contribution): Floor;
  /** The role in which one vote `done` of this member ends the conversation; undefined: its vote is one of many. */
  mayClose(state: Conversation, member: string): string | undefined;
  /**
   * Whether the floor goes to a member who has not been asked yet instead, after a vote or a pass. `silent`: who has voted
   * or passed since a member last went on.
   */
  asksOthers(
    state: Conversation,
    contribution: Contribution,
    floor: Floor,
    silent: ReadonlySet<string>,
  ): boolean;
  /** Who gets the floor when every bid of a round is in; undefined: no one wants it. */
  settleBids(state: Conversation, bids: readonly PlacedBid[]): string | undefined;
}

/** A policy from what is special about it; the rest is as in most policies. */
export const definePolicy = (own: Partial<Policy> & Pick<Policy, 'floorAfter'>): Policy => ({
  allowsUnsolicited: false,
  requiresTarget: false,
  followsTargets: false,
  mentionsGiveTurns: false,
  opensWith: ({ by }) => by,
  addressee: () => undefined,
  mayClose: () => undefined,
  asksOthers: (_state, _contribution, { names }, silent) => names.every((name) => silent.has(name)),
  settleBids: () => undefined,
  ...own,
});

export type PolicyTable = Readonly<Record<PolicyName, Policy>>;

export const nextInOrder = (members: readonly string[], from: string): string =>
  members[(members.indexOf(from) + 1) % members.length] as string;

/** The member among `names` whose last turn is the longest ago. Members without one come first, in the order given. */
export const longestSilent = ({ taken }: Conversation, names: readonly string[]): string | undefined => {
  const lastTurn = (name: string) => taken.find(({ member }) => member === name)?.seq ?? 0;
  return names.reduce<string | undefined>(
    (best, name) => (best === undefined || lastTurn(name) < lastTurn(best) ? name : best),
    undefined,
  );
};

/** The members that still owe a reply when the turn of the contribution is taken. */
export const stillOwing = (state: Conversation, { from, taken, owesMore }: Contribution): string[] => {
  const names: string[] = [];
  for (const turn of state.floor) if (turn !== taken) names.push(turn.member);
  if (owesMore && !names.includes(from)) names.push(from);
  return names;
};

/** Who gets the floor when no one owes a reply: the member that addressed the speaker, else the next in order. */
export const handBack = (state: Conversation, { from, taken }: Contribution): string => {
  const giver = taken?.givenBy;
  const known = giver !== undefined && giver !== from && state.members.includes(giver);
  return known ? giver : nextInOrder(state.members, from);
};
