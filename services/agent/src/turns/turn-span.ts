import { type Failure, failures, type RouterFrameOf } from '@parley/protocol';
import { activeSpan, genAi, genAiOperations, type Span, spanNames, type Tracing } from '@parley/runtime';
import type { TurnOutcome } from './turn.ts';

/** The span of an agent's work on a grant: a part of the router's turn, where the grant says of which. */
export const startTurnSpan = (
  tracing: Tracing,
  agent: string,
  { conversation, turn, attempt, wanted = 'speak', trace }: RouterFrameOf<'turn'>,
): Span =>
  tracing.start({
    name: `${genAiOperations.agent} ${agent}`,
    kind: 'internal',
    conversation,
    parent: trace,
    attributes: {
      [genAi.operation]: genAiOperations.agent,
      [genAi.agent]: agent,
      [spanNames.turn]: turn,
      [spanNames.attempt]: attempt,
      [spanNames.wanted]: wanted,
    },
  });

const isFailed = (outcome: TurnOutcome): outcome is Failure =>
  (failures as readonly string[]).includes(outcome);

/** Ends the span in which the caller runs, if traces are on. */
export const endTurnSpan = (outcome: TurnOutcome): void => {
  const span = activeSpan();
  span?.set({ [spanNames.outcome]: outcome });
  if (isFailed(outcome)) span?.fail(outcome);
  span?.end();
};

/** What an answer says of the span in which it was made. */
export const answerTrace = (): { readonly trace?: string } => {
  const span = activeSpan();
  return span ? { trace: span.traceparent } : {};
};
