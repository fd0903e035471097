import { randomUUID } from 'node:crypto';
import type { ModelCall } from '@parley/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { type PromptAnswer, type PromptPlace, promptWaitMs } from './prompt-requests.ts';

export interface PromptSource {
  ask(name: string, place: PromptPlace): Promise<PromptAnswer>;
}

export interface SharedPromptsOptions {
  readonly cluster: Pick<Cluster, 'messages' | 'routers' | 'self' | 'follow'>;
  /** The agents of this router. */
  readonly local: PromptSource;
  readonly now: () => number;
}

interface Request {
  readonly askedAt: number;
  /** The routers that have not answered. */
  readonly open: Set<string>;
  best: PromptAnswer;
  readonly resolve: (answer: PromptAnswer) => void;
}

/** Requests of operators that may wait at once. */
const maxWaiting = 64;
/** The most informative answer is given: the first one of this list. */
const order = [
  'calls',
  'busy',
  'late',
  'forgotten',
  'not-kept',
  'away',
] as const satisfies PromptAnswer['kind'][];
const better = (one: PromptAnswer, other: PromptAnswer): PromptAnswer =>
  order.indexOf(one.kind) <= order.indexOf(other.kind) ? one : other;

const readAnswer = (payload: unknown): PromptAnswer | undefined => {
  const { kind, calls } = (payload ?? {}) as { kind?: unknown; calls?: unknown };
  const known = order.find((one) => one === kind);
  if (known === undefined) return undefined;
  // The router of the agent has checked the calls, as a frame.
  if (known === 'calls')
    return Array.isArray(calls) ? { kind: known, calls: calls as ModelCall[] } : undefined;
  return { kind: known };
};

/**
 * Asks the agents of all routers for the model calls of a turn. Any replica may have taken the turn, and only that replica has
 * the calls.
 */
export class SharedPrompts implements PromptSource {
  readonly #options: SharedPromptsOptions;
  readonly #waiting = new Map<string, Request>();

  constructor(options: SharedPromptsOptions) {
    this.#options = options;
    const { messages } = options.cluster;
    messages.on('prompt-ask', (payload, from) => void this.#asked(payload, from));
    messages.on('prompt-answer', (payload, from) => this.#heard(payload, from));
    options.cluster.follow(({ type, router }) => {
      if (type !== 'gone') return;
      for (const ref of [...this.#waiting.keys()]) this.#take(ref, router.id, { kind: 'away' });
    });
  }

  ask(name: string, place: PromptPlace): Promise<PromptAnswer> {
    const { cluster, local, now } = this.#options;
    if (this.#waiting.size >= maxWaiting) return Promise.resolve({ kind: 'busy' });
    const others = [...cluster.routers()].map(({ id }) => id).filter((id) => id !== cluster.self);
    const ref = randomUUID();
    const { promise, resolve } = Promise.withResolvers<PromptAnswer>();
    this.#waiting.set(ref, {
      askedAt: now(),
      open: new Set([cluster.self, ...others]),
      best: { kind: 'away' },
      resolve,
    });
    if (others.length > 0) cluster.messages.send('prompt-ask', 'all', { ref, name, ...place });
    local.ask(name, place).then(
      (answer) => this.#take(ref, cluster.self, answer),
      () => this.#take(ref, cluster.self, { kind: 'late' }),
    );
    return promise;
  }

  tick(): void {
    const { now } = this.#options;
    for (const [ref, { askedAt, best }] of [...this.#waiting])
      if (now() - askedAt >= promptWaitMs) this.#end(ref, better(best, { kind: 'late' }));
  }

  async #asked(payload: unknown, from: string): Promise<void> {
    const { cluster, local } = this.#options;
    const { ref, name, conversation, turn } = (payload ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof conversation !== 'string' || !Number.isSafeInteger(turn)) return;
    const answer = await local.ask(name, { conversation, turn: Number(turn) });
    cluster.messages.send('prompt-answer', from, { ref, ...answer });
  }

  #heard(payload: unknown, from: string): void {
    const answer = readAnswer(payload);
    const { ref } = (payload ?? {}) as { ref?: unknown };
    if (answer && typeof ref === 'string') this.#take(ref, from, answer);
  }

  #take(ref: string, from: string, answer: PromptAnswer): void {
    const request = this.#waiting.get(ref);
    if (!request?.open.delete(from)) return;
    request.best = better(request.best, answer);
    if (request.best.kind === 'calls' || request.open.size === 0) this.#end(ref, request.best);
  }

  #end(ref: string, answer: PromptAnswer): void {
    this.#waiting.get(ref)?.resolve(answer);
    this.#waiting.delete(ref);
  }
}
