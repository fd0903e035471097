import { type AgentPolicy, marksOf, moderates, voteRules } from './policy.ts';

/** One member picks who is next; after each of the others the moderator speaks again. */
export const moderator: AgentPolicy = {
  moderatorOf: ({ moderator: named, by }) => named ?? by,
  rules(context) {
    if (!moderates(context))
      return [`${context.moderator} moderates and says who speaks.`, ...voteRules(context)];
    return [
      [
        'You moderate: after each of your messages one of the others speaks, and then you again.',
        `Say who with @name: ${marksOf(context)}.`,
        'When the conversation has reached its purpose, say your closing words, then [DONE] on a line of its own.',
      ].join(' '),
    ];
  },
  cue: (context) =>
    moderates(context) ? `(Now ${context.self} speaks, and says with @name who is next.)` : undefined,
  rehearsalNamesNext: moderates,
};
