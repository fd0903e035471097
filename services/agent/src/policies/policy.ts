import type { EntryOf } from '@parley/protocol';
import { peersIn, type TurnContext } from '../memory/turn-context.ts';

/** What a policy asks of this agent: the twin of a file in the router's core/policies. Pure. */
export interface AgentPolicy {
  /** The member that picks each next speaker; undefined under a policy without one. */
  moderatorOf(opened: Pick<EntryOf<'opened'>, 'moderator' | 'by'>): string | undefined;
  /** Sentences of the system prompt. The same all through a conversation while its members are the same. */
  rules(context: TurnContext): readonly string[];
  /** The instruction at the end of the prompt where the usual one says too little. */
  cue(context: TurnContext): string | undefined;
  /** Whether a rehearsed message ends with the name of the member that speaks next. */
  rehearsalNamesNext(context: TurnContext): boolean;
}

export type Chair = Pick<TurnContext, 'moderator' | 'self'>;

/**
 * Whether this agent picks the next speaker. Then its messages are searched for that choice, its vote alone ends the
 * conversation, and it is told which members passed.
 */
export const moderates = ({ moderator, self }: Chair): boolean =>
  moderator !== undefined && moderator === self;

const voting =
  'When nothing is left to say, say a last word, then [DONE] on a line of its own: a vote to end.';

/** What the system prompt says about votes; nothing where votes do not count. */
export const voteRules = ({ quorum }: Pick<TurnContext, 'quorum'>): readonly string[] =>
  quorum === 0 ? [] : [voting];

/** `@a, @b`: the other members that are connected to the conversation. */
export const marksOf = (context: TurnContext): string =>
  peersIn(context)
    .map((name) => `@${name}`)
    .join(', ');

/** A policy under which the router alone decides who is next, so that it asks nothing of this agent but votes. */
export const routerDecides: AgentPolicy = {
  moderatorOf: () => undefined,
  rules: voteRules,
  cue: () => undefined,
  rehearsalNamesNext: () => false,
};
