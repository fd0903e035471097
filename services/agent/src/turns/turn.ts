import type { Failure, LapseCause, Usage } from '@parley/protocol';
import type { Summary, TurnContext } from '../memory/turn-context.ts';
import {
  aborted,
  type ChatMessage,
  failed,
  type Model,
  type ModelFailure,
  type ModelReply,
  type ModelRequest,
} from '../models/model.ts';
import { moderates } from '../policies/policy.ts';
import type { ContextBudgets } from '../prompt/context-budget.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { reminded } from '../prompt/view.ts';
import { type Directed, readDirections } from '../text/directions.ts';
import { PromptLines } from '../text/prompt-lines.ts';
import { closesUnopened } from '../text/reasoning.ts';
import { cleaned, isComplete, type ReplyRules, type Unsayable } from '../text/sanitise.ts';
import type { ChunkStream } from './answer/chunk-stream.ts';
import { whyNothing } from './answer/nothing-said.ts';
import { askForBid, askForBidAgain, readBid } from './bid.ts';
import { callSeed } from './call-seed.ts';
import type { ModelFinding, ReplyLimits } from './model-habits.ts';
import { askForSummary, fallingOut, readSummary, summaryTokens } from './summary.ts';

/** The result of a turn. */
export type TurnAnswer =
  | ({ readonly kind: 'say' } & Directed)
  | { readonly kind: 'bid'; readonly score: number }
  /** The only call of the grant was used for the summary. The message needs another grant. */
  | { readonly kind: 'summarised' }
  | ModelFailure;

export interface TurnResult {
  readonly answer: TurnAnswer;
  /** The usage of every reply, also of unusable ones. */
  readonly usage: readonly Usage[];
  /** The properties of the model that the replies showed. */
  readonly findings: readonly ModelFinding[];
}

export interface TurnInput {
  readonly wanted: 'speak' | 'bid';
  readonly context: TurnContext;
  readonly rules: ReplyRules;
  readonly prompt: Prompt;
  readonly model: Model;
  /** The seed of the agent, from which the seed of each call is derived. */
  readonly seed: number | undefined;
  readonly budgets: ContextBudgets;
  readonly limits: ReplyLimits;
  /** The maximum length of prompts in the settings. */
  readonly historyTokens: number;
  /** How many calls of the model the grant allows. Undefined: no limit. */
  readonly calls: number | undefined;
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  readonly chunks: ChunkStream | undefined;
  /**
   * Sends a summary to the ledger at once, because it was paid for even if the turn fails later. Returns false when it cannot be
   * sent. Undefined: messages that no longer fit into the prompt are not summarised.
   */
  readonly keepSummary: ((summary: Summary) => boolean) | undefined;
}

/** More than the number of calls that one grant can make. */
const callsOfAGrant = 100;
const reminders: Record<Unsayable, string> = {
  empty: '(Your last reply was empty. Say something, in plain text and in your own words.)',
  reasoning: '(Your last reply held only reasoning. Give the words that are to be said, and nothing else.)',
  'for-others':
    '(Your last reply held only words for others. Give your own next words, without any name in front.)',
  recited: '(Your last reply only repeated your instructions. Say something of your own to the others.)',
};
const anyReminder =
  '(Your last reply could not be used. Say something, in plain text and in your own words.)';
const closingReminder =
  '(Say your closing words to the others in one or two sentences. The conversation ends with them.)';
/** After any other lapse the turn is tried without a summary, because the summary may be the cause. */
const noFault: readonly LapseCause[] = ['gone', 'deadline', 'interrupted', 'rate-limited'];

/** Settles like the promise, or rejects as soon as the signal is aborted. */
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
  // A thrown value that is no error has no place: an error made here would name this file.
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  const place = /([^/\\]+:\d+):\d+\)?$/m.exec(stack?.split('\n')[1] ?? '')?.[1];
  return failed('prompt-failed', place ? `${message} (${place})` : message);
};

/** The first call, one with a higher limit, and one with a reminder. */
const mostTries = 3;
/** The maximum number of summaries in one turn, for models with a short context. Each gets this share of the budget. */
const mostSummaries = 8;
const summedShare = 0.8;
/** The factor for the usual limit of tokens of a model that reasons before it answers. */
const reasoningFactor = 4;

type Asked = Pick<ModelRequest, 'purpose' | 'messages' | 'maxOutputTokens' | 'isEnough'>;

/** One running turn with its input and its remaining calls. */
class Turn {
  readonly #input: TurnInput;
  readonly #times: (cause: Failure) => number;
  #context: TurnContext;
  #calls: number;
  #asked = 0;
  readonly #usage: Usage[] = [];
  readonly #findings: ModelFinding[] = [];

  constructor(input: TurnInput) {
    this.#input = input;
    this.#context = input.context;
    this.#calls = input.calls ?? Number.POSITIVE_INFINITY;
    this.#times = (cause) => input.context.lapses.filter((lapse) => lapse === cause).length;
  }

  async run(): Promise<TurnResult> {
    const answer = await this.#answer();
    return { answer, usage: this.#usage, findings: this.#findings };
  }

  /** Shortens the prompt whenever the model refuses it as too long. Lines that no longer fit are summarised. */
  async #answer(): Promise<TurnAnswer> {
    const { budgets, wanted, keepSummary } = this.#input;
    const model = this.#context.model ?? this.#input.model.name;
    let faulty = this.#context.lapses.some((cause) => !noFault.includes(cause));
    for (;;) {
      const budget = budgets.of(model);
      for (let rounds = 0; keepSummary && wanted === 'speak' && !faulty && rounds < mostSummaries; rounds++) {
        const { summary } = this.#context;
        const failure = await this.#summarise(budget, keepSummary);
        if (failure) return failure;
        if (this.#calls < 1) return { kind: 'summarised' };
        if (this.#context.summary === summary) break;
      }
      const messages = await this.#messages(budget);
      if ('kind' in messages) return messages;
      const answer = wanted === 'bid' ? await this.#bid(messages) : await this.#message(messages);
      if (answer.kind !== 'failed' || answer.reason !== 'context-overflow') return answer;
      if (!budgets.refused(model, budget, answer.contextTokens) || this.#calls < 1) return answer;
      faulty = false;
    }
  }

  async #messages(budget: number): Promise<readonly ChatMessage[] | ModelFailure> {
    const { prompt, signal, wanted } = this.#input;
    try {
      return await unlessAborted(prompt(this.#context, budget, wanted), signal);
    } catch (error) {
      return promptFailure(error, signal);
    }
  }

  async #ask(about: Asked): Promise<ModelReply> {
    const { model, seed, signal, deadlineAt, chunks } = this.#input;
    const attempt = this.#context.lapses.length * callsOfAGrant + this.#asked++;
    this.#takeCall();
    const reply = await model.reply({
      ...about,
      model: this.#context.model,
      seed: callSeed(seed, this.#context, attempt),
      session: this.#context.conversation,
      signal,
      deadlineAt,
      takeCall: () => this.#takeCall(),
      onText: about.purpose === 'message' && chunks ? (text) => chunks.push(text) : undefined,
      isEnough: about.isEnough,
    });
    const paid = reply.kind === 'text' ? reply.usage : reply.partial?.usage;
    if (paid) this.#usage.push(paid);
    return reply;
  }

  #takeCall(): boolean {
    if (this.#calls < 1) return false;
    this.#calls -= 1;
    return true;
  }

  /** Asks for a message, and once more if the reply is unusable. A truncated reply is used as far as it arrived. */
  async #message(messages: readonly ChatMessage[]): Promise<TurnAnswer> {
    const { limits, chunks, signal } = this.#input;
    const { maxOutputTokens, usualTokens } = limits;
    const rules: ReplyRules = {
      ...this.#input.rules,
      prompt: new PromptLines(messages, this.#context.stopPhrases),
    };
    chunks?.begin(rules);
    let reminder = this.#times('empty-reply') > 0 ? anyReminder : undefined;
    let limit = maxOutputTokens ?? usualTokens;
    let closing: TurnAnswer | undefined;
    let nothing = '';
    for (let tries = 0; tries < mostTries; tries++) {
      const reply = await this.#ask({
        purpose: 'message',
        messages: reminder === undefined ? messages : reminded(messages, reminder),
        maxOutputTokens: limit,
        isEnough: (text) => isComplete(text, rules),
      });
      if (reply.kind === 'failed') return closing ?? reply;
      if (closesUnopened(reply.text)) this.#findings.push('unopened-reasoning');
      const { text, named, unsayable } = cleaned(reply.text, rules, reply.finish === 'length');
      const { wordless, ...line } = readDirections(text, this.#context, named);
      if (closing && line.text !== '') return { kind: 'say', ...line, done: true };
      if (line.text !== '' && !(wordless && line.done && moderates(this.#context)))
        return { kind: 'say', ...line };
      nothing = whyNothing(reply, limit);
      if (wordless) closing = { kind: 'say', ...line };
      if (signal.aborted) return closing ?? aborted(signal);
      if (wordless) {
        reminder = closingReminder;
      } else if (unsayable !== undefined) {
        const allReasoning =
          reply.finish === 'length' && unsayable !== 'recited' && unsayable !== 'for-others';
        if (allReasoning && maxOutputTokens === undefined && limit === usualTokens) {
          limit *= reasoningFactor;
          this.#findings.push('long-reasoning');
          // The next reply would reach the limit of tokens, too.
        } else if (reminder !== undefined || reply.finish === 'length') break;
        else reminder = reminders[reply.reasoned && unsayable === 'empty' ? 'reasoning' : unsayable];
      }
      if (this.#calls < 1) break;
    }
    return closing ?? failed('empty-reply', nothing);
  }

  /**
   * Asks for a bid. A model that needs more tokens because it reasons first is asked once more without the limit. A model that
   * answers without a number is asked once more for the number.
   */
  async #bid(messages: readonly ChatMessage[]): Promise<TurnAnswer> {
    const { limits, signal } = this.#input;
    const { bidTokens, maxOutputTokens, usualTokens } = limits;
    let limit = bidTokens;
    let asked = askForBid(messages);
    for (let tries = 0; tries < mostTries; tries++) {
      const most = limit ?? maxOutputTokens ?? usualTokens;
      const reply = await this.#ask({ purpose: 'bid', messages: asked, maxOutputTokens: most });
      if (reply.kind === 'failed') return reply;
      const score = readBid(reply.text);
      if (score !== undefined) return { kind: 'bid', score };
      if (signal.aborted) return aborted(signal);
      if (reply.finish === 'length' && limit !== undefined) {
        limit = undefined;
        this.#findings.push('long-bid');
      } else {
        if (tries > 0 && limit === bidTokens) break;
        asked = askForBidAgain(messages);
      }
      if (this.#calls < 1) break;
    }
    return failed('empty-reply', 'the model did not answer with a number');
  }

  /**
   * Summarises the lines that no longer fit. If that fails, the turn continues without a summary; a used-up rate ends the turn.
   */
  async #summarise(budget: number, keep: (summary: Summary) => boolean): Promise<ModelFailure | undefined> {
    const isFull = budget < this.#input.historyTokens;
    const most = isFull ? budget * summedShare : undefined;
    const gone = fallingOut(this.#context, budget, most);
    if (!gone) return undefined;
    const tokens = summaryTokens(budget);
    const messages = askForSummary(this.#context, gone, tokens);
    const reply = await this.#ask({ purpose: 'summary', messages, maxOutputTokens: tokens });
    if (reply.kind === 'failed') return this.#calls < 1 || this.#input.signal.aborted ? reply : undefined;
    const text = readSummary(reply.text, tokens);
    if (text === undefined) return undefined;
    const summary: Summary = { through: gone.through, text };
    if (keep(summary)) this.#context = { ...this.#context, summary };
    return undefined;
  }
}

/** Takes one turn and returns its answer. Failures of the model and of the prompt are answers, not errors. */
export const takeTurn = (input: TurnInput): Promise<TurnResult> => new Turn(input).run();

/** The results of turns for metrics. `abandoned`: the agent did not hold the turn any more. */
export type TurnOutcome = 'said' | 'bid' | 'summarised' | 'abandoned' | Failure;
export const outcomeOf = (answer: TurnAnswer): TurnOutcome => {
  switch (answer.kind) {
    case 'say':
      return 'said';
    case 'failed':
      return answer.reason;
    default:
      return answer.kind;
  }
};
