import type { Failure, LapseCause, Usage } from '@parley/protocol';
import { askForBid, readBid } from './bid.ts';
import type { ChunkStream } from './chunk-stream.ts';
import { type Directed, readDirections } from './directions.ts';
import { whole } from './loops.ts';
import {
  aborted,
  type ChatMessage,
  failed,
  type Model,
  type ModelFailure,
  type ModelReply,
  type ModelRequest,
} from './models/model.ts';
import { whyNothing } from './nothing-said.ts';
import type { Prompt } from './prompt.ts';
import { closesUnopened } from './reasoning.ts';
import { type Cast, sanitise } from './sanitise.ts';
import type { Scene, Summary } from './scene.ts';
import { askForSummary, fallingOut, readSummary, summaryTokens } from './summary.ts';
import { reminded } from './view.ts';

/** What a turn came to. */
export type Answer =
  | ({ readonly kind: 'say' } & Directed)
  | { readonly kind: 'bid'; readonly score: number }
  /** The floor is not wanted, as far as one can tell. */
  | { readonly kind: 'no-bid'; readonly why: string }
  /** The call that the grant paid for went into the summary; the line needs another. */
  | { readonly kind: 'summarised' }
  | ModelFailure;

export interface TurnInput {
  readonly wanted: 'speak' | 'bid';
  readonly scene: Scene;
  readonly cast: Cast;
  readonly prompt: Prompt;
  readonly model: Model;
  readonly historyTokens: number;
  readonly maxOutputTokens: number | undefined;
  /** Most tokens of a bid; undefined for a model that thinks before it answers. */
  readonly bidTokens: number | undefined;
  readonly onCutOffBid: () => void;
  /** How many calls of the model the grant pays for; undefined: as many as it takes. */
  readonly calls: number | undefined;
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  readonly chunks: ChunkStream | undefined;
  /** Told when the model thinks aloud from its first word on, without saying so: it must not be shown live. */
  readonly onHiddenReasoning: () => void;
  /** Told of every reply that was paid for, said or not. */
  readonly onUsage: (usage: Usage) => void;
  /** Keeps a summary on the ledger; false when it cannot. Undefined: what falls out of the view is forgotten. */
  readonly keepSummary: ((summary: Summary) => boolean) | undefined;
}

/** More calls than one grant of a turn makes. */
const callsOfAGrant = 100;
const emptyReminder = '(Your last reply was empty. Say something, in plain text and in your own voice.)';
const smallestBudget = 200;
/** After any other lapse of the turn it is tried without a summary, which may have been the fault. */
const noFault: readonly LapseCause[] = ['gone', 'deadline', 'interrupted', 'rate-limited'];

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

/** One turn under way: what it was given, and the calls that are left of it. */
class Turn {
  readonly #input: TurnInput;
  readonly #times: (cause: Failure) => number;
  #scene: Scene;
  #calls: number;
  #asked = 0;

  constructor(input: TurnInput) {
    this.#input = input;
    this.#scene = input.scene;
    this.#calls = input.calls ?? Number.POSITIVE_INFINITY;
    this.#times = (cause) => input.scene.lapses.filter((lapse) => lapse === cause).length;
  }

  /** Shown half as much whenever the model finds it too long, in this grant and in earlier ones of the turn. */
  async answer(): Promise<Answer> {
    const { historyTokens, wanted, keepSummary } = this.#input;
    let budget = Math.max(smallestBudget, historyTokens / 2 ** this.#times('context-overflow'));
    budget = Math.min(historyTokens, Math.floor(budget));
    const faulty = this.#scene.lapses.some((cause) => !noFault.includes(cause));
    if (keepSummary && wanted === 'speak' && !faulty) {
      const failure = await this.#summarise(budget, keepSummary);
      if (failure) return failure;
      if (this.#calls < 1) return { kind: 'summarised' };
    }
    for (; ; budget = Math.floor(budget / 2)) {
      const messages = await this.#messages(budget);
      if ('kind' in messages) return messages;
      const answer = wanted === 'bid' ? await this.#bid(messages) : await this.#line(messages);
      const tooLong = answer.kind === 'failed' && answer.reason === 'context-overflow';
      if (!tooLong || budget / 2 < smallestBudget || this.#calls < 1) return answer;
    }
  }

  async #messages(budget: number): Promise<readonly ChatMessage[] | ModelFailure> {
    const { prompt, signal } = this.#input;
    try {
      return await unlessAborted(prompt(this.#scene, budget), signal);
    } catch (error) {
      return promptFailure(error, signal);
    }
  }

  async #ask(about: Pick<ModelRequest, 'purpose' | 'messages' | 'maxOutputTokens'>): Promise<ModelReply> {
    const { model, signal, deadlineAt, chunks, onUsage } = this.#input;
    this.#takeCall();
    const reply = await model.reply({
      ...about,
      scene: this.#scene,
      attempt: this.#scene.lapses.length * callsOfAGrant + this.#asked++,
      signal,
      deadlineAt,
      takeCall: () => this.#takeCall(),
      onText: about.purpose === 'line' && chunks ? (text) => chunks.push(text) : undefined,
    });
    if (reply.kind === 'text') onUsage(reply.usage);
    return reply;
  }

  #takeCall(): boolean {
    if (this.#calls < 1) return false;
    this.#calls -= 1;
    return true;
  }

  /** Asks once, and once more with a word of the narrator's when nothing sayable came. */
  async #line(messages: readonly ChatMessage[]): Promise<Answer> {
    const { cast, maxOutputTokens } = this.#input;
    const prompted = reminded(messages, emptyReminder);
    const asked = this.#times('empty-reply') > 0 ? [prompted] : [messages, prompted];
    let nothing = '';
    for (const one of asked) {
      const reply = await this.#ask({ purpose: 'line', messages: one, maxOutputTokens });
      if (reply.kind === 'failed') return reply;
      if (closesUnopened(reply.text)) this.#input.onHiddenReasoning();
      const clean = sanitise(reply.text, cast);
      const line = readDirections(reply.finish === 'length' ? whole(clean) : clean, this.#scene);
      if (line.text !== '') return { kind: 'say', ...line };
      nothing = whyNothing(reply, maxOutputTokens);
      // The next reply would run out of tokens, too.
      if (this.#calls < 1 || reply.finish === 'length') break;
    }
    return failed('empty-reply', nothing);
  }

  /** A model that cannot tell its wish in a few tokens, for it thinks first, is asked once more without that limit. */
  async #bid(messages: readonly ChatMessage[]): Promise<Answer> {
    const { bidTokens, maxOutputTokens, onCutOffBid } = this.#input;
    const asked = askForBid(messages);
    const limits = bidTokens === undefined ? [maxOutputTokens] : [bidTokens, maxOutputTokens];
    for (const limit of limits) {
      const reply = await this.#ask({ purpose: 'bid', messages: asked, maxOutputTokens: limit });
      if (reply.kind === 'failed') return reply;
      const score = readBid(reply.text);
      if (score !== undefined) return { kind: 'bid', score };
      if (reply.finish !== 'length') break;
      onCutOffBid();
      if (this.#calls < 1) break;
    }
    return { kind: 'no-bid', why: 'the model did not answer with a number' };
  }

  /** Notes what is about to fall out of the view. Without notes the turn goes on; a rate that is used up ends it. */
  async #summarise(budget: number, keep: (summary: Summary) => boolean): Promise<ModelFailure | undefined> {
    const gone = fallingOut(this.#scene, budget);
    if (!gone) return undefined;
    const tokens = summaryTokens(budget);
    const messages = askForSummary(this.#scene, gone, tokens);
    const reply = await this.#ask({ purpose: 'summary', messages, maxOutputTokens: tokens });
    if (reply.kind === 'failed') return this.#calls < 1 || this.#input.signal.aborted ? reply : undefined;
    const text = readSummary(reply.text, tokens);
    if (text === undefined) return undefined;
    const summary: Summary = { through: gone.through, text };
    if (keep(summary)) this.#scene = { ...this.#scene, summary };
    return undefined;
  }
}

/** One turn, from what is known to its answer. Never throws and never rejects. */
export const takeTurn = (input: TurnInput): Promise<Answer> => new Turn(input).answer();

/** How turns end, for metrics: `abandoned` is a turn that was not wanted any more. */
export type Outcome = 'said' | 'bid' | 'summarised' | 'abandoned' | Failure;
export const outcomeOf = (answer: Answer): Outcome => {
  switch (answer.kind) {
    case 'say':
      return 'said';
    case 'no-bid':
      return 'bid';
    case 'failed':
      return answer.reason;
    default:
      return answer.kind;
  }
};
