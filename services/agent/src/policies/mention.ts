import { peersIn } from '../memory/turn-context.ts';
import { type AgentPolicy, marksOf, voteRules } from './policy.ts';

/** The member that a message names with `@` speaks next. The router reads the names in the text. */
export const mention: AgentPolicy = {
  moderatorOf: () => undefined,
  rules: (context) => [
    `The member that you name with an @ (${marksOf(context)}) speaks next: name one.`,
    ...voteRules(context),
  ],
  cue: (context) =>
    peersIn(context).length > 1 ? `(Now ${context.self} speaks, and names with @ who is next.)` : undefined,
  rehearsalNamesNext: () => true,
};
