import { type ClientFrame, isFailure, maxTextLength, type RouterFrameOf } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { OnFault } from '../faults.ts';
import type { Dice } from '../link/backoff.ts';
import { type Kept, Outbox, type Place } from '../link/outbox.ts';
import type { TranscriptCache } from '../memory/transcript-cache.ts';
import type { Summary, TurnContext } from '../memory/turn-context.ts';
import { type AbortReason, failed } from '../models/model.ts';
import type { ModelSource } from '../models/model-source.ts';
import { policies } from '../policies/policies.ts';
import { ContextBudgets } from '../prompt/context-budget.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { ReplyRules } from '../text/sanitise.ts';
import { frameOf } from './answer-frame.ts';
import { buildContext } from './build-context.ts';
import { ChunkStream } from './chunk-stream.ts';
import { FaultLog } from './fault-log.ts';
import { ModelHabits } from './model-habits.ts';
import { Recall } from './recall.ts';
import { Spending } from './spending.ts';
import { outcomeOf, type TurnAnswer, type TurnOutcome, type TurnResult, takeTurn } from './turn.ts';

type Grant = RouterFrameOf<'turn'>;

export interface TurnLoopOptions {
  readonly self: string;
  readonly persona: string | undefined;
  readonly modelFor: ModelSource['modelFor'];
  /** The agent's own seed. */
  readonly seed: number | undefined;
  readonly prompt: Prompt;
  readonly conversations: TranscriptCache;
  readonly historyTokens: number;
  readonly maxTokens: number | undefined;
  /** Whether what falls out of the view is summed up, by the same model. */
  readonly summarises: boolean;
  readonly trustsPeers: boolean;
  readonly log: Logger;
  readonly now: () => number;
  readonly dice: Dice;
  /** False when there is no connection; what was to be sent is then gone. */
  readonly send: (frame: ClientFrame) => boolean;
  readonly onTurn: (outcome: TurnOutcome) => void;
  readonly onFault: OnFault;
}

interface Running extends Place {
  readonly controller: AbortController;
  deadline?: NodeJS.Timeout;
  wanted: boolean;
}

/** A refused reply that no repetition and no other wording can save: the turn is not ours any more. */
const lost = ['stale-turn', 'not-your-turn', 'conversation-ended', 'unknown-conversation', 'not-a-member'];

/** How often a line is sent again to a mailbox that is full: its owner may stay away for longer than a turn lasts. */
const fullTries = 3;

/** A message whose addressee is refused, without it; undefined when it has none. */
const withoutAddressee = ({ target, to, ...say }: Extract<Kept, { type: 'say' }>): Kept | undefined =>
  to === undefined && target !== undefined ? say : undefined;

/** Time kept back from a deadline for the answer to travel. */
export const marginMs = (deadlineMs: number): number => Math.min(2_000, Math.max(20, deadlineMs * 0.05));

/** Grant in, answer out: every granted turn is answered once, by a line or by a pass with its reason. */
export class TurnLoop {
  readonly #options: TurnLoopOptions;
  readonly #running = new Map<string, Running>();
  readonly #outbox = new Outbox();
  readonly #spending = new Spending();
  readonly #recall: Recall;
  readonly #faults: FaultLog;
  #textLength = maxTextLength;
  readonly #habits = new ModelHabits();
  readonly #budgets: ContextBudgets;

  constructor(options: TurnLoopOptions) {
    this.#options = options;
    this.#recall = new Recall(options.conversations, options.send);
    this.#faults = new FaultLog(options.log);
    this.#budgets = new ContextBudgets(options.historyTokens);
  }

  get active(): number {
    return this.#running.size;
  }

  /** Turns that this agent still means to answer, for a router that has lost the connection. */
  working(): readonly Place[] {
    return [...this.#running.values(), ...this.#outbox.all()].map(({ conversation, turn }) => ({
      conversation,
      turn,
    }));
  }

  /** After every registration: what was finished meanwhile is sent now. */
  welcomed({ maxTextLength: longest }: RouterFrameOf<'welcome'>): void {
    this.#textLength = Math.min(longest || maxTextLength, maxTextLength);
    this.#spending.reconnected((place) => this.#outbox.get(place) !== undefined);
    for (const kept of this.#outbox.all()) this.#options.send(kept);
  }

  granted(grant: Grant): void {
    const { conversations, send } = this.#options;
    conversations.use(grant.conversation).merge(grant.entries, grant.omitted);
    const finished = this.#outbox.get(grant);
    if (finished) {
      send(finished);
      return;
    }
    const running = this.#running.get(grant.conversation);
    if (running?.turn === grant.turn) {
      running.deadline = this.#arm(running, grant.deadlineMs);
      return;
    }
    this.#abandon(grant.conversation);
    this.#work(grant).catch((error: unknown) => this.#broke(grant, error));
  }

  /** The line itself comes back among the entries of the next grant. */
  accepted({ conversation, turn }: RouterFrameOf<'accepted'>): void {
    if (turn === undefined) return;
    this.#outbox.settle({ conversation, turn });
    this.#spending.counted({ conversation, turn });
  }

  /** A reply that was refused, if the refusal is of one: sent again, mended, or given up. */
  refused({ conversation, turn, code, retry, message }: RouterFrameOf<'refused'>): void {
    const { log, send, dice } = this.#options;
    log.warn({ conversation, turn, code, problem: message }, 'refused by the router');
    if (conversation === undefined) return;
    if (code === 'conversation-ended' || code === 'unknown-conversation') this.ended(conversation);
    const place = turn === undefined ? undefined : { conversation, turn };
    const kept = place && this.#outbox.get(place);
    if (!place) return;
    if (!kept) return this.#spending.notCounted(place);
    const full = code === 'mailbox-full';
    const waitMs = retry ? this.#outbox.refused(place, dice, full ? fullTries : Infinity) : undefined;
    if (waitMs !== undefined) {
      setTimeout(() => this.#outbox.get(place) === kept && send(kept), waitMs).unref();
      return;
    }
    this.#outbox.settle(place);
    const mended = code === 'bad-target' && kept.type === 'say' ? withoutAddressee(kept) : undefined;
    if (mended) return this.#keep(mended);
    this.#spending.notCounted(place);
    if (lost.includes(code)) return;
    const why = { detail: `refused: ${code}`, ...this.#spending.tell(place) };
    if (full) this.#keep({ type: 'pass', ...place, reason: 'declined', ...why });
    else send({ type: 'pass', ...place, reason: 'interrupted', ...why });
  }

  heard({ conversation, entry }: RouterFrameOf<'entry'>): void {
    this.#recall.heard(conversation, entry);
  }

  /** Nothing of a conversation that has ended is kept. */
  ended(conversation: string): void {
    this.#abandon(conversation);
    this.#outbox.forget(conversation);
    this.#spending.forget(conversation);
    this.#options.conversations.forget(conversation);
  }

  /** Calls off everything. The router hears of it by the end of the connection, and grants the turns anew. */
  stop(): void {
    for (const conversation of [...this.#running.keys()]) this.#abandon(conversation);
  }

  async #work(grant: Grant): Promise<void> {
    const { conversation, turn, deadlineMs } = grant;
    const { onTurn, send } = this.#options;
    const controller = new AbortController();
    const running: Running = { conversation, turn, controller, wanted: true };
    running.deadline = this.#arm(running, deadlineMs);
    this.#running.set(conversation, running);
    const { answer, usage, findings } = await this.#take(grant, running);
    clearTimeout(running.deadline);
    this.#habits.learn(findings);
    // Of a conversation that has ended nothing is kept, not even what its last calls cost.
    if (running.wanted || this.#options.conversations.peek(conversation))
      for (const paid of usage) this.#spending.add(conversation, paid);
    if (!running.wanted) return onTurn('abandoned');
    this.#running.delete(conversation);
    onTurn(outcomeOf(answer));
    this.#faults.note(answer);
    this.#notePick(conversation, turn, answer);
    const frame = frameOf(answer, { conversation, turn });
    const told = { ...frame, ...this.#spending.tell(frame) };
    // Of a turn that failed nothing is kept: it is offered again in any case, and is then another attempt.
    if (told.type === 'pass' && isFailure(told.reason)) send(told);
    else this.#keep(told);
  }

  /** An error of ours costs the turn and nothing else: it is given back, and granted again. */
  #broke({ conversation, turn }: Grant, error: unknown): void {
    const { onFault, onTurn, send } = this.#options;
    onFault('turn', error);
    const running = this.#running.get(conversation);
    if (running?.turn === turn) {
      clearTimeout(running.deadline);
      this.#running.delete(conversation);
    }
    onTurn('interrupted');
    send({ type: 'pass', conversation, turn, reason: 'interrupted', detail: 'an error of the agent' });
  }

  /** A moderator that names no member leaves the choice to the router: an operator should know why a member speaks. */
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

  /** Told to the ledger before the line that is written with its help. */
  #keepSummary(conversation: string, summary: Summary): boolean {
    const { send, conversations } = this.#options;
    if (!send({ type: 'summary', conversation, ...summary })) return false;
    conversations.peek(conversation)?.summarised(summary);
    return true;
  }

  #keep(frame: Kept): void {
    this.#outbox.put(frame);
    this.#options.send(frame);
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
