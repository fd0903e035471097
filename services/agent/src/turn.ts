import type { Failure, Usage } from '@parley/protocol';
import type { ChunkStream } from './chunk-stream.ts';
import { aborted, type ChatMessage, failed, type Model, type ModelFailure } from './models/model.ts';
import type { Prompt } from './prompt.ts';
import { type Cast, closesUnopened, sanitise } from './sanitise.ts';
import type { Scene } from './scene.ts';
import { reminded } from './view.ts';

/** What a turn came to. */
export type Answer = { readonly kind: 'say'; readonly text: string; readonly usage: Usage } | ModelFailure;

export interface TurnInput {
  readonly scene: Scene;
  readonly cast: Cast;
  readonly prompt: Prompt;
  readonly model: Model;
  readonly historyTokens: number;
  readonly maxOutputTokens: number | undefined;
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  readonly chunks: ChunkStream | undefined;
  /** Told when the model thinks aloud from its first word on, without saying so: it must not be shown live. */
  readonly onHiddenReasoning: () => void;
}

const emptyReminder = '(Your last reply was empty. Say something, in plain text and in your own voice.)';
const smallestBudget = 200;

/** The promise, or a rejection as soon as the signal is aborted. */
const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
};

const promptFailure = (error: unknown, signal: AbortSignal): ModelFailure => {
  if (signal.aborted) return aborted(signal);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const place = /([^/\\]+:\d+):\d+\)?$/m.exec(stack?.split('\n')[1] ?? '')?.[1];
  return failed('prompt-failed', place ? `${message} (${place})` : message);
};

const sum = (a: Usage | undefined, b: Usage): Usage =>
  a ? { ...b, inputTokens: a.inputTokens + b.inputTokens, outputTokens: a.outputTokens + b.outputTokens } : b;

/** Asks once, and once more with a word of the narrator's when nothing sayable came. */
const ask = async (input: TurnInput, messages: readonly ChatMessage[]): Promise<Answer> => {
  const { model, scene, maxOutputTokens, signal, deadlineAt, chunks, cast } = input;
  const onText = chunks && ((text: string) => chunks.push(text));
  let usage: Usage | undefined;
  for (const asked of [messages, reminded(messages, emptyReminder)]) {
    const reply = await model.reply({ messages: asked, scene, maxOutputTokens, signal, deadlineAt, onText });
    if (reply.kind === 'failed') return reply;
    if (closesUnopened(reply.text)) input.onHiddenReasoning();
    usage = sum(usage, reply.usage);
    const text = sanitise(reply.text, cast);
    if (text !== '') return { kind: 'say', text, usage };
  }
  return failed('empty-reply', 'the model said nothing, twice');
};

/**
 * One turn, from what is known to its answer. Never throws and never rejects. When the model finds the conversation
 * too long, it is shown half as much.
 */
export const takeTurn = async (input: TurnInput): Promise<Answer> => {
  const { scene, prompt, signal } = input;
  for (let budget = input.historyTokens; ; budget = Math.floor(budget / 2)) {
    let messages: readonly ChatMessage[];
    try {
      messages = await unlessAborted(prompt(scene, budget), signal);
    } catch (error) {
      return promptFailure(error, signal);
    }
    const answer = await ask(input, messages);
    const tooLong = answer.kind === 'failed' && answer.reason === 'context-overflow';
    if (!tooLong || budget / 2 < smallestBudget) return answer;
  }
};

/** How turns end, for metrics: `abandoned` is a turn that was not wanted any more. */
export type Outcome = 'said' | 'abandoned' | Failure;
export const outcomeOf = (answer: Answer): Outcome => (answer.kind === 'say' ? 'said' : answer.reason);
