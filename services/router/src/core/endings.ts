import type { Ending } from '@parley/protocol';
import type { Conversation } from './conversation.ts';

export interface Ended {
  readonly reason: Ending;
  readonly detail?: string;
}

/** When the conversation runs out of time, in ms since 1970; `undefined` without a limit or while paused. */
export const endsAt = (state: Conversation): number | undefined =>
  state.limits.maxDurationMs > 0 && state.status.state === 'running'
    ? state.startedAt + state.pausedMs + state.limits.maxDurationMs
    : undefined;

export const outOfTime = (state: Conversation, now: number): Ended | undefined => {
  const end = endsAt(state);
  if (end === undefined || now < end) return undefined;
  return { reason: 'max-duration', detail: `${state.limits.maxDurationMs / 1000} s` };
};

const bare = (line: string): string =>
  line
    .trim()
    .replace(/^[\s"'*_([]+|[\s"'*_)\].!]+$/g, '')
    .toLowerCase();

/** A stop phrase counts on a line of its own, not inside a sentence that talks about it. */
export const stopPhraseIn = (text: string, phrases: readonly string[]): string | undefined => {
  if (phrases.length === 0) return undefined;
  const lines = text.split('\n').map(bare);
  return phrases.find((phrase) => lines.includes(bare(phrase)));
};

/** Whether one more line, said or passed, is the last one. `state` is the conversation before that line. */
export const endingAfter = (
  state: Conversation,
  line: { readonly text?: string; readonly from: string },
  now: number,
): Ended | undefined => {
  const { maxTurns, stopPhrases } = state.limits;
  const phrase = line.text === undefined ? undefined : stopPhraseIn(line.text, stopPhrases);
  if (phrase !== undefined) return { reason: 'stop-phrase', detail: phrase };
  if (line.text === undefined && state.passesInARow + 1 >= Math.max(2, state.members.length)) {
    return { reason: 'agreed', detail: 'every member passed in a row' };
  }
  if (maxTurns > 0 && state.lines + 1 >= maxTurns) return { reason: 'max-turns', detail: String(maxTurns) };
  return outOfTime(state, now);
};
