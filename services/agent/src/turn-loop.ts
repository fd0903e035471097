import type { Logger } from '@parley/kit';
import { type ClientFrame, maxTextLength, type RouterFrameOf } from '@parley/protocol';
import { ChunkStream } from './chunk-stream.ts';
import type { Conversations } from './conversations.ts';
import { FaultLog } from './fault-log.ts';
import { type AbortReason, failed, type Model } from './models/model.ts';
import { Outbox, type Place } from './outbox.ts';
import type { Prompt } from './prompt.ts';
import { Recall } from './recall.ts';
import type { Cast } from './sanitise.ts';
import type { Scene } from './scene.ts';
import type { Transcript } from './transcript.ts';
import { type Answer, type Outcome, outcomeOf, takeTurn } from './turn.ts';

type Grant = RouterFrameOf<'turn'>;

export interface TurnLoopOptions {
  readonly self: string;
  readonly persona: string | undefined;
  readonly target: string | undefined;
  readonly model: Model;
  readonly prompt: Prompt;
  readonly conversations: Conversations;
  readonly historyTokens: number;
  readonly maxTokens: number | undefined;
  readonly log: Logger;
  readonly now: () => number;
  /** False when there is no connection; what was to be sent is then gone. */
  readonly send: (frame: ClientFrame) => boolean;
  readonly onTurn: (outcome: Outcome) => void;
}

interface Running extends Place {
  readonly controller: AbortController;
  deadline?: NodeJS.Timeout;
  wanted: boolean;
}

/** A refused reply that no repetition and no other wording can save: the turn is not ours any more. */
const lost = ['stale-turn', 'not-your-turn', 'conversation-ended', 'unknown-conversation', 'not-a-member'];
const resendMs = 1_000;

/** Time kept back from a deadline for the answer to travel. */
export const marginMs = (deadlineMs: number): number => Math.min(2_000, Math.max(20, deadlineMs * 0.05));

/** Grant in, answer out: every granted turn is answered once, by a line or by a pass with its reason. */
export class TurnLoop {
  readonly #options: TurnLoopOptions;
  readonly #running = new Map<string, Running>();
  readonly #outbox = new Outbox();
  readonly #recall: Recall;
  readonly #faults: FaultLog;
  #textLength = maxTextLength;
  #showChunks = true;

  constructor(options: TurnLoopOptions) {
    this.#options = options;
    this.#recall = new Recall(options.conversations, options.send);
    this.#faults = new FaultLog(options.log);
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
    for (const say of this.#outbox.all()) this.#options.send(say);
  }

  granted(grant: Grant): void {
    const { conversations, send } = this.#options;
    conversations.use(grant.conversation).merge(grant.entries);
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
    void this.#work(grant);
  }

  accepted({ conversation, turn, seq }: RouterFrameOf<'accepted'>): void {
    const say = turn === undefined ? undefined : this.#outbox.settle({ conversation, turn });
    if (!say) return;
    const { self, conversations } = this.#options;
    conversations.peek(conversation)?.said({ seq, from: self, text: say.text });
  }

  /** A reply that was refused, if the refusal is of one: sent again, mended, or given up. */
  refused({ conversation, turn, code, retry, message }: RouterFrameOf<'refused'>): void {
    const { log, send } = this.#options;
    log.warn({ conversation, turn, code, problem: message }, 'refused by the router');
    if (conversation === undefined) return;
    if (code === 'conversation-ended' || code === 'unknown-conversation') this.ended(conversation);
    const place = turn === undefined ? undefined : { conversation, turn };
    const say = place && this.#outbox.get(place);
    if (!place || !say) return;
    if (retry) {
      setTimeout(() => this.#outbox.get(place) === say && send(say), resendMs).unref();
      return;
    }
    this.#outbox.settle(place);
    if (lost.includes(code)) return;
    const { target, ...untargeted } = say;
    if (code === 'bad-target' && target !== undefined) this.#say(untargeted);
    else send({ type: 'pass', ...place, reason: 'interrupted', detail: `refused: ${code}` });
  }

  heard({ conversation, entry }: RouterFrameOf<'entry'>): void {
    this.#recall.heard(conversation, entry);
  }

  /** Nothing of a conversation that has ended is kept. */
  ended(conversation: string): void {
    this.#abandon(conversation);
    this.#outbox.forget(conversation);
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
    const answer = await this.#answer(grant, running);
    clearTimeout(running.deadline);
    if (!running.wanted) return onTurn('abandoned');
    this.#running.delete(conversation);
    onTurn(outcomeOf(answer));
    this.#faults.note(answer);
    const { target } = this.#options;
    if (answer.kind === 'failed') {
      // Said offline it is lost, and need not be kept: the router offers the turn again in any case.
      send({ type: 'pass', conversation, turn, reason: answer.reason, detail: answer.detail });
    } else {
      const { text, usage } = answer;
      this.#say({ type: 'say', conversation, turn, text, usage, ...(target !== undefined && { target }) });
    }
  }

  async #answer(grant: Grant, { controller }: Running): Promise<Answer> {
    const { self, model, prompt, historyTokens, maxTokens, now, send } = this.#options;
    const { conversation, turn } = grant;
    const deadlineAt = now() + grant.deadlineMs - marginMs(grant.deadlineMs);
    const transcript = await this.#recall.transcript(grant, controller.signal);
    if (!transcript.opened) return failed('interrupted', 'the history of the conversation did not come');
    const scene = this.#scene(grant, transcript);
    const others = scene.members.filter((name) => name !== self);
    const cast: Cast = { self, others, maxLength: this.#textLength };
    const limits = [grant.maxOutputTokens, maxTokens].filter((limit) => limit !== undefined);
    const chunks = this.#showChunks
      ? new ChunkStream(cast, (text) => send({ type: 'chunk', conversation, turn, text }))
      : undefined;
    const answer = await takeTurn({
      scene,
      cast,
      prompt,
      model,
      historyTokens,
      maxOutputTokens: limits.length > 0 ? Math.min(...limits) : undefined,
      signal: controller.signal,
      deadlineAt,
      chunks,
      onHiddenReasoning: () => {
        this.#showChunks = false;
      },
    });
    chunks?.end();
    return answer;
  }

  #scene({ conversation, turn, remaining }: Grant, transcript: Transcript): Scene {
    const { self, persona } = this.#options;
    const { opened, members, left, opening, lines } = transcript;
    return {
      self,
      persona,
      conversation,
      topic: opened?.topic,
      members,
      left,
      stopPhrases: opened?.limits.stopPhrases ?? [],
      turn,
      remaining,
      opening,
      lines,
    };
  }

  #say(say: Parameters<Outbox['put']>[0]): void {
    this.#outbox.put(say);
    this.#options.send(say);
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
