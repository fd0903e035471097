import type { LapseCause, NoteKind, PolicyName } from '@parley/protocol';

/** One line of a conversation as this agent remembers it. */
export type Line =
  | {
      readonly kind: 'said';
      readonly seq: number;
      readonly from: string;
      /** The members that heard it besides its speaker; all when missing. */
      readonly to?: readonly string[] | undefined;
      readonly text: string;
      /** A vote to end the conversation. */
      readonly done?: boolean | undefined;
    }
  | { readonly kind: 'came' | 'went'; readonly seq: number; readonly who: string }
  /** A member passed its turn; told to the moderator alone. */
  | { readonly kind: 'passed'; readonly seq: number; readonly who: string }
  /** The router left out what stood here, because there is more than a grant may hold. `seq`: the last of it. */
  | { readonly kind: 'gap'; readonly seq: number }
  /** Told to this agent alone, by the router (a nudge) or by an operator (a whisper). */
  | { readonly kind: 'note'; readonly seq: number; readonly about: NoteKind; readonly text: string };
export type SaidLine = Extract<Line, { kind: 'said' }>;

/** What is left of a conversation's limits; a missing field is without limit. */
interface Remaining {
  readonly turns?: number | undefined;
  readonly ms?: number | undefined;
}

/** This agent's own short account of the lines up to `through`, kept on the ledger. */
export interface Summary {
  readonly through: number;
  readonly text: string;
}

/** All that an agent knows when it takes a turn: what prompts and models are made from. */
export interface TurnContext {
  readonly self: string;
  readonly persona: string | undefined;
  /** The model that the conversation gives this agent; its own when missing. */
  readonly model: string | undefined;
  readonly conversation: string;
  readonly topic: string | undefined;
  readonly policy: PolicyName;
  /** The member that picks each next speaker; undefined under a policy without one. */
  readonly moderator: string | undefined;
  /** How many votes end the conversation: all members' when missing, 0 when votes do not count. */
  readonly quorum: number | undefined;
  readonly seed: number | undefined;
  /** Everyone who ever took part, this agent included, in order of appearance. */
  readonly members: readonly string[];
  /** Members who have left. */
  readonly left: readonly string[];
  readonly stopPhrases: readonly string[];
  readonly turn: number;
  /** How earlier grants of this very turn came back. */
  readonly lapses: readonly LapseCause[];
  readonly remaining: Remaining;
  /** The first line of the conversation, kept for good. */
  readonly opening: SaidLine | undefined;
  readonly summary: Summary | undefined;
  /** Whether this agent has been told something in private. */
  readonly noted: boolean;
  /** The newest lines, oldest first. Older ones than a prompt can hold are forgotten. */
  readonly lines: readonly Line[];
  /** Whether what others say is shown as it is, with whatever it may do to a model. */
  readonly trustsPeers: boolean;
}

/** The newest message of another member. */
export const lastHeard = ({ lines, self }: Pick<TurnContext, 'lines' | 'self'>): SaidLine | undefined =>
  lines.findLast((line): line is SaidLine => line.kind === 'said' && line.from !== self);

/** The other members that have not left. */
export const peersIn = ({ members, left, self }: Pick<TurnContext, 'members' | 'left' | 'self'>): string[] =>
  members.filter((name) => name !== self && !left.includes(name));
