/** The closed sets of words of the wire, the ledger and the labels of metrics. */

export const policyNames = [
  'addressed',
  'open',
  'round-robin',
  'random',
  'moderator',
  'mention',
  'volunteer',
] as const;
export type PolicyName = (typeof policyNames)[number];

/** Why a conversation stopped. */
export const endings = [
  'max-turns',
  'max-duration',
  'token-budget',
  'cost-budget',
  'stop-phrase',
  'agreed',
  'agent-left',
  'absent',
  'repetition',
  'farewell-loop',
  'failed',
  'operator',
] as const;
export type Ending = (typeof endings)[number];

/** What an ending says of the conversation: it came to its end, a limit ended it, it was stopped, or it failed. */
export const endingGroups = ['settled', 'bounded', 'stopped', 'failed'] as const;
export type EndingGroup = (typeof endingGroups)[number];

export const groupOfEnding: Readonly<Record<Ending, EndingGroup>> = {
  agreed: 'settled',
  'stop-phrase': 'settled',
  'max-turns': 'bounded',
  'max-duration': 'bounded',
  'token-budget': 'bounded',
  'cost-budget': 'bounded',
  repetition: 'bounded',
  'farewell-loop': 'bounded',
  operator: 'stopped',
  'agent-left': 'stopped',
  absent: 'failed',
  failed: 'failed',
};

/** For people: why it ended. A newer router may have a reason that is not here. */
export const endingWords: Readonly<Record<Ending, string>> = {
  'max-turns': 'the limit of turns is reached',
  'max-duration': 'the limit of time is reached',
  'token-budget': 'the budget of tokens is used up',
  'cost-budget': 'the budget of money is used up',
  'stop-phrase': 'a member said a stop phrase',
  agreed: 'the members agreed to end',
  'agent-left': 'fewer than two members are left',
  absent: 'a member was not connected for too long',
  repetition: 'the members repeated themselves',
  'farewell-loop': 'the members only said goodbye',
  failed: 'a turn used up its attempts',
  operator: 'an operator ended it',
};

/** Why the router itself pauses a conversation. */
export const pauseReasons = ['velocity'] as const;
export type PauseReason = (typeof pauseReasons)[number];

/** Why an agent that could speak passed its turn. */
const choices = ['nothing-to-say', 'declined'] as const;

/** Why an agent could not take its turn. The router grants the turn again, up to the maximum number of attempts. */
export const failures = [
  'empty-reply',
  'model-unauthorized',
  'model-not-found',
  'model-rejected',
  'model-unavailable',
  'model-loading',
  'model-quota',
  'rate-limited',
  'context-overflow',
  'prompt-failed',
  'timed-out',
  'interrupted',
] as const;
export type Failure = (typeof failures)[number];

/** Which clients may join a conversation without an invitation: only operators, or every agent that knows its id. */
export const admissions = ['invited', 'open'] as const;
export type Admission = (typeof admissions)[number];

export const passReasons = [...choices, ...failures] as const;
export type PassReason = (typeof passReasons)[number];
export const isFailure = (reason: string): reason is Failure =>
  (failures as readonly string[]).includes(reason);

/** Why a grant ended without an answer. The router itself finds `deadline` and `gone`. */
export const lapseCauses = ['deadline', 'gone', ...failures] as const;
export type LapseCause = (typeof lapseCauses)[number];

/** Failures after which a retry does not help: the turn gets no further attempt. */
export const permanentFailures: readonly LapseCause[] = [
  'model-unauthorized',
  'model-not-found',
  'model-rejected',
  'model-quota',
];

/** What a conversation does when all attempts of a turn have failed. */
export const failureRules = ['retry', 'skip', 'end'] as const;
export type FailureRule = (typeof failureRules)[number];

/** Why a turn on the floor has not been granted yet. */
export const waitReasons = [
  'rate',
  'replica',
  'absent',
  'gathering',
  'pace',
  'retry',
  'seat',
  'paused',
] as const;
export type WaitReason = (typeof waitReasons)[number];

/** Why members were sent a private note. */
export const noteKinds = ['nudge', 'whisper'] as const;
export type NoteKind = (typeof noteKinds)[number];

/** Why the router refused a frame. `retry`: the same frame may succeed later. */
export const refusals = {
  'bad-frame': { retry: false },
  'unknown-type': { retry: false },
  'too-large': { retry: false },
  'not-registered': { retry: false },
  'already-registered': { retry: false },
  'name-refused': { retry: false },
  unauthenticated: { retry: false },
  forbidden: { retry: false },
  'unknown-conversation': { retry: false },
  'conversation-ended': { retry: false },
  'conversation-exists': { retry: false },
  'not-a-member': { retry: false },
  'not-your-turn': { retry: false },
  'stale-turn': { retry: false },
  'bad-target': { retry: false },
  'no-price': { retry: false },
  'mailbox-full': { retry: true },
  'rate-limited': { retry: true },
  unavailable: { retry: true },
  draining: { retry: true },
} as const satisfies Record<string, { retry: boolean }>;
export type RefusalCode = keyof typeof refusals;
