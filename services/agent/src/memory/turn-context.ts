import type { LapseCause, NoteKind, PolicyName } from '@parley/protocol';

/** One line of the transcript: a message, or a fact that is shown between messages. */
export type Line =
  | {
      readonly kind: 'said';
      readonly seq: number;
      readonly from: string;
      /** The members that heard the message besides its speaker; all members when missing. */
      readonly to?: readonly string[] | undefined;
      readonly text: string;
      /** A vote to end the conversation. */
      readonly done?: boolean | undefined;
    }
  | { readonly kind: 'came' | 'went'; readonly seq: number; readonly who: string }
  /** A member passed its turn. Shown only to the moderator. */
  | { readonly kind: 'passed'; readonly seq: number; readonly who: string }
  /** The router left out entries, because a grant is bounded. `seq`: the last of them. */
  | { readonly kind: 'gap'; readonly seq: number }
  /** A private text for this agent, from the router (a nudge) or from an operator (a whisper). */
  | { readonly kind: 'note'; readonly seq: number; readonly about: NoteKind; readonly text: string };
export type SaidLine = Extract<Line, { kind: 'said' }>;

/** What is left of the limits of a conversation. A missing field has no limit. */
interface Remaining {
  readonly turns?: number | undefined;
  readonly ms?: number | undefined;
}

/** A summary that this agent wrote of the messages up to `through`. The ledger has it too. */
export interface Summary {
  readonly through: number;
  readonly text: string;
}

/** All that an agent knows when it takes a turn. Prompts are made from it. */
export interface TurnContext {
  readonly self: string;
  readonly persona: string | undefined;
  /** The model that the conversation gives to this agent. Undefined: the model of its settings. */
  readonly model: string | undefined;
  readonly conversation: string;
  readonly topic: string | undefined;
  readonly policy: PolicyName;
  /** The member that picks each next speaker; undefined under a policy without one. */
  readonly moderator: string | undefined;
  /** How many votes end the conversation. Undefined: the votes of all members; 0: votes do not count. */
  readonly quorum: number | undefined;
  readonly seed: number | undefined;
  /** All present and former members, this agent included, in the order in which they joined. */
  readonly members: readonly string[];
  /** Members who have left. */
  readonly left: readonly string[];
  readonly stopPhrases: readonly string[];
  readonly turn: number;
  /** Why earlier grants of this turn lapsed. */
  readonly lapses: readonly LapseCause[];
  readonly remaining: Remaining;
  /** The first message of the conversation. It is never dropped. */
  readonly opening: SaidLine | undefined;
  readonly summary: Summary | undefined;
  /** Whether this agent has received a private note. */
  readonly noted: boolean;
  /** The newest lines, oldest first. Lines that no prompt can hold any more are dropped. */
  readonly lines: readonly Line[];
  /** Whether messages of others are shown to the model unchanged, although they may contain instructions to it. */
  readonly trustsPeers: boolean;
}

/** The newest message of another member. */
export const lastHeard = ({ lines, self }: Pick<TurnContext, 'lines' | 'self'>): SaidLine | undefined =>
  lines.findLast((line): line is SaidLine => line.kind === 'said' && line.from !== self);

/** The other members that have not left. */
export const peersIn = ({ members, left, self }: Pick<TurnContext, 'members' | 'left' | 'self'>): string[] =>
  members.filter((name) => name !== self && !left.includes(name));
