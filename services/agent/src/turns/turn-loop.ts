import { type ClientFrame, maxTextLength, type RouterFrameOf } from '@parley/protocol';
import { inSpan, type Logger, type Span } from '@parley/runtime';
import type { OnFault } from '../faults.ts';
import type { Dice } from '../link/backoff.ts';
import { isFailedTurn, type Place } from '../link/outbox.ts';
import type { Transcripts } from '../memory/transcript-cache.ts';
import type { Summary, TurnContext } from '../memory/turn-context.ts';
import { type AbortReason, failed } from '../models/model.ts';
import type { ModelSource } from '../models/model-source.ts';
import { policies } from '../policies/policies.ts';
import { ContextBudgets } from '../prompt/context-budget.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { ReplyRules } from '../text/sanitise.ts';
import { AnswerDelivery } from './answer/answer-delivery.ts';
import { frameOf } from './answer/answer-frame.ts';
import { ChunkStream } from './answer/chunk-stream.ts';
import { buildContext } from './build-context.ts';
import { FaultLog } from './fault-log.ts';
import { ModelHabits } from './model-habits.ts';
import { Recall } from './recall.ts';
import { outcomeOf, type TurnAnswer, type TurnOutcome, type TurnResult, takeTurn } from './turn.ts';
import { answerTrace } from './turn-span.ts';

type Grant = RouterFrameOf<'turn'>;

export interface TurnLoopOptions {
  readonly self: string;
  readonly persona: string | undefined;
  readonly modelFor: ModelSource['modelFor'];
  /** The seed of the agent. */
  readonly seed: number | undefined;
  readonly prompt: Prompt;
  readonly conversations: Transcripts;
  readonly historyTokens: number;
  readonly maxTokens: number | undefined;
  /** Whether the model summarises lines that no longer fit into the prompt. */
  readonly summarises: boolean;
  readonly trustsPeers: boolean;
  readonly log: Logger;
  readonly now: () => number;
  readonly dice: Dice;
  /** Returns false, and drops the frame, when there is no connection. */
  readonly send: (frame: ClientFrame) => boolean;
  /** Undefined where traces are off. Each turn runs inside its span, and `onTurn` is called inside it. */
  readonly startSpan?: ((grant: Grant) => Span) | undefined;
  readonly onTurn: (outcome: TurnOutcome) => void;
  readonly onFault: OnFault;
}

interface Running extends Place {
  readonly controller: AbortController;
  deadline?: NodeJS.Timeout;
  /** Of the newest grant of the turn. */
  attempt: number;
  wanted: boolean;
}

/** The part of the time before a deadline that is reserved for sending the answer. */
export const marginMs = (deadlineMs: number): number => Math.min(2_000, Math.max(20, deadlineMs * 0.05));

/** Answers every granted turn once: with a message, a bid, or a pass with its reason. */
export class TurnLoop {
  readonly #options: TurnLoopOptions;
  readonly #running = new Map<string, Running>();
  readonly #answers: AnswerDelivery;
  readonly #recall: Recall;
  readonly #faults: FaultLog;
  #textLength = maxTextLength;
  readonly #habits = new ModelHabits();
  readonly #budgets: ContextBudgets;

  constructor(options: TurnLoopOptions) {
    this.#options = options;
    this.#answers = new AnswerDelivery(options);
    this.#recall = new Recall(options.conversations, options.send);
    this.#faults = new FaultLog(options.log);
    this.#budgets = new ContextBudgets(options.historyTokens);
  }

  get active(): number {
    return this.#running.size;
  }

  /**
   * To be called once for each new connection. Returns the turns that this agent will still answer. Failures from an earlier
   * connection are dropped: the router grants their turns again.
   */
  registering(): readonly Place[] {
    return [...this.#running.values(), ...this.#answers.registering()].map(({ conversation, turn }) => ({
      conversation,
      turn,
    }));
  }

  /** To be called after every registration: sends the answers that were finished meanwhile. */
  welcomed({ maxTextLength: longest }: RouterFrameOf<'welcome'>): void {
    this.#textLength = Math.min(longest || maxTextLength, maxTextLength);
    this.#answers.welcomed();
  }

  granted(grant: Grant): void {
    this.#options.conversations.use(grant.conversation).merge(grant.entries, grant.omitted);
    if (this.#answers.granted(grant)) return;
    const running = this.#running.get(grant.conversation);
    if (running?.turn === grant.turn) {
      running.deadline = this.#arm(running, grant.deadlineMs);
      running.attempt = grant.attempt;
      return;
    }
    this.#abandon(grant.conversation);
    inSpan(this.#options.startSpan?.(grant), () => {
      this.#work(grant).catch((error: unknown) => this.#broke(grant, error));
    });
  }

  /** The message itself comes with the entries of the next grant. */
  accepted({ conversation, turn }: RouterFrameOf<'accepted'>): void {
    if (turn === undefined) return;
    this.#answers.accepted({ conversation, turn });
  }

  /** Handles a refused answer: it is sent again, changed, or given up. */
  refused({ conversation, turn, code, retry, message }: RouterFrameOf<'refused'>): void {
    this.#options.log.warn({ conversation, turn, code, problem: message }, 'refused by the router');
    if (conversation === undefined) return;
    if (code === 'conversation-ended' || code === 'unknown-conversation') this.ended(conversation);
    if (turn !== undefined) this.#answers.refused({ conversation, turn }, code, retry);
  }

  heard({ conversation, entry }: RouterFrameOf<'entry'>): void {
    this.#recall.heard(conversation, entry);
  }

  /** Drops all data of an ended conversation. */
  ended(conversation: string): void {
    this.#abandon(conversation);
    this.#answers.forget(conversation);
    this.#options.conversations.forget(conversation);
  }

  /** Aborts all turns. The router detects the end of the connection and grants the turns again. */
  stop(): void {
    for (const conversation of [...this.#running.keys()]) this.#abandon(conversation);
  }

  async #work(grant: Grant): Promise<void> {
    const { conversation, turn, attempt, deadlineMs } = grant;
    const { onTurn } = this.#options;
    const controller = new AbortController();
    const running: Running = { conversation, turn, attempt, controller, wanted: true };
    running.deadline = this.#arm(running, deadlineMs);
    this.#running.set(conversation, running);
    const { answer, usage, findings } = await this.#take(grant, running);
    clearTimeout(running.deadline);
    this.#habits.learn(findings);
    // The conversation has ended, so the usage of its last calls is dropped, too.
    if (running.wanted || this.#options.conversations.peek(conversation))
      for (const paid of usage) this.#answers.spent(conversation, paid);
    if (!running.wanted) return onTurn('abandoned');
    this.#running.delete(conversation);
    onTurn(outcomeOf(answer));
    this.#faults.note(answer);
    this.#notePick(conversation, turn, answer);
    const frame = frameOf(answer, { conversation, turn });
    // A failure is one of this attempt alone: sent again after the next grant, it must not count for that.
    const about = isFailedTurn(frame) ? { attempt: running.attempt } : {};
    this.#answers.deliver({ ...frame, ...about, ...answerTrace() });
  }

  /** An error of ours costs the turn and nothing else: it is given back, and granted again. */
  #broke({ conversation, turn, attempt }: Grant, error: unknown): void {
    const { onFault, onTurn } = this.#options;
    onFault('turn', error);
    const running = this.#running.get(conversation);
    if (running?.turn === turn) {
      clearTimeout(running.deadline);
      this.#running.delete(conversation);
    }
    onTurn('interrupted');
    const why = { reason: 'interrupted', detail: 'an error of the agent' } as const;
    this.#answers.deliver({ type: 'pass', conversation, turn, attempt, ...why, ...answerTrace() });
  }

  /** Logs that the moderator named no member, so that the router chooses. The operator can see why a member speaks. */
  #notePick(conversation: string, turn: number, answer: TurnAnswer): void {
    const { conversations, log, self } = this.#options;
    const opened = conversations.peek(conversation)?.opened;
    if (!opened || policies[opened.policy].moderatorOf(opened) !== self) return;
    if (answer.kind !== 'say' || answer.done || answer.target !== undefined) return;
    log.info(
      { conversation, turn },
      'the message names no member: the one that was silent longest speaks next',
    );
  }

  async #take(grant: Grant, { controller: { signal } }: Running): Promise<TurnResult> {
    const { modelFor, seed, prompt, maxTokens, historyTokens, summarises, now } = this.#options;
    const { conversation, wanted = 'speak', maxOutputTokens, calls, deadlineMs } = grant;
    const deadlineAt = now() + deadlineMs - marginMs(deadlineMs);
    const transcript = await this.#recall.transcript(grant, signal);
    if (!transcript.opened) {
      const answer = failed('interrupted', 'the history of the conversation did not come');
      return { answer, usage: [], findings: [] };
    }
    const context = buildContext(this.#options, grant, transcript);
    const chunks = this.#habits.streams && wanted !== 'bid' ? this.#chunks(grant, context) : undefined;
    const result = await takeTurn({
      wanted,
      context,
      rules: this.#rules(context),
      prompt,
      model: modelFor(context),
      seed,
      budgets: this.#budgets,
      limits: this.#habits.limits([maxOutputTokens, maxTokens]),
      historyTokens,
      calls,
      signal,
      deadlineAt,
      chunks,
      keepSummary: summarises ? (summary) => this.#keepSummary(conversation, summary) : undefined,
    });
    chunks?.end();
    return result;
  }

  #rules({ self, members }: TurnContext): ReplyRules {
    return { self, others: members.filter((name) => name !== self), maxLength: this.#textLength };
  }

  #chunks({ conversation, turn }: Grant, context: TurnContext): ChunkStream {
    const { send } = this.#options;
    return new ChunkStream(context, (text) => send({ type: 'chunk', conversation, turn, text }));
  }

  /** Sent before the message that was written with the summary. */
  #keepSummary(conversation: string, summary: Summary): boolean {
    const { send, conversations } = this.#options;
    if (!send({ type: 'summary', conversation, ...summary })) return false;
    conversations.peek(conversation)?.summarised(summary);
    return true;
  }

  #arm(running: Running, deadlineMs: number): NodeJS.Timeout {
    clearTimeout(running.deadline);
    const reason: AbortReason = 'timed-out';
    const ms = Math.max(0, deadlineMs - marginMs(deadlineMs));
    return setTimeout(() => running.controller.abort(reason), ms);
  }

  #abandon(conversation: string): void {
    const running = this.#running.get(conversation);
    if (!running) return;
    this.#running.delete(conversation);
    running.wanted = false;
    const reason: AbortReason = 'interrupted';
    running.controller.abort(reason);
  }
}
