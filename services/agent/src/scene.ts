/** One line of a conversation as this agent remembers it. A note is the narrator's: somebody joined or left. */
export type Line =
  | { readonly kind: 'said'; readonly seq: number; readonly from: string; readonly text: string }
  | { readonly kind: 'note'; readonly seq: number; readonly text: string };
export type SaidLine = Extract<Line, { kind: 'said' }>;

/** What is left of a conversation's limits; a missing field is without limit. */
interface Remaining {
  readonly turns?: number | undefined;
  readonly ms?: number | undefined;
}

/** All that an agent knows when it takes a turn: what prompts and models are made from. */
export interface Scene {
  readonly self: string;
  readonly persona: string | undefined;
  readonly conversation: string;
  readonly topic: string | undefined;
  /** Everyone who ever took part, this agent included, in order of appearance. */
  readonly members: readonly string[];
  /** Members who have left. */
  readonly left: readonly string[];
  readonly stopPhrases: readonly string[];
  readonly turn: number;
  readonly remaining: Remaining;
  /** The first line of the conversation, kept for good. */
  readonly opening: SaidLine | undefined;
  /** The newest lines, oldest first. Older ones than a prompt can hold are forgotten. */
  readonly lines: readonly Line[];
}

/** The newest line that somebody else said. */
export const lastHeard = ({ lines, self }: Pick<Scene, 'lines' | 'self'>): SaidLine | undefined =>
  lines.findLast((line): line is SaidLine => line.kind === 'said' && line.from !== self);
