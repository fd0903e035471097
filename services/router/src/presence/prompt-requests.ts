import { randomUUID } from 'node:crypto';
import type { ModelCall, RouterFrame } from '@parley/protocol';
import type { Presence, PresenceChange } from './presence.ts';
import type { Replica } from './replica.ts';

export interface PromptPlace {
  readonly conversation: string;
  readonly turn: number;
}

/** The result of asking an agent for the model calls of a turn. */
export type PromptAnswer =
  | { readonly kind: 'calls'; readonly calls: readonly ModelCall[] }
  /** No replica of the agent is connected. */
  | { readonly kind: 'away' }
  /** None of its replicas keeps prompts. */
  | { readonly kind: 'not-kept' }
  /** Its replicas keep prompts, but none of this turn. */
  | { readonly kind: 'forgotten' }
  /** A replica did not answer in time. */
  | { readonly kind: 'late' }
  /** Too many requests wait already. */
  | { readonly kind: 'busy' };

export interface PromptRequestsOptions {
  readonly presence: Presence;
  readonly now: () => number;
}

/** How long to wait for the answer of an agent. */
export const promptWaitMs = 5_000;
/** Requests of operators that may wait at once: each holds at most one frame of an agent. */
const maxWaiting = 64;
/** Any replica may have taken the turn. At most this number of them is asked. */
const maxAsked = 16;

interface Request {
  readonly askedAt: number;
  /** The replicas that have not answered. */
  readonly open: Set<Replica>;
  readonly resolve: (answer: PromptAnswer) => void;
}

/**
 * Asks the replicas of an agent for the calls of a model that a turn made (PROTOCOL §5.5). The router keeps no prompt: only the
 * agent has it. The first replica that has calls decides.
 */
export class PromptRequests {
  readonly #presence: Presence;
  readonly #now: () => number;
  readonly #waiting = new Map<string, Request>();

  constructor({ presence, now }: PromptRequestsOptions) {
    this.#presence = presence;
    this.#now = now;
  }

  ask(name: string, { conversation, turn }: PromptPlace): Promise<PromptAnswer> {
    if (!this.#presence.isConnected(name)) return Promise.resolve({ kind: 'away' });
    const keeping = [...this.#presence.replicasOf(name)].filter(({ prompts }) => prompts);
    if (keeping.length === 0) return Promise.resolve({ kind: 'not-kept' });
    if (this.#waiting.size >= maxWaiting) return Promise.resolve({ kind: 'busy' });
    const ref = randomUUID();
    const { promise, resolve } = Promise.withResolvers<PromptAnswer>();
    const open = new Set(keeping.slice(0, maxAsked));
    this.#waiting.set(ref, { askedAt: this.#now(), open, resolve });
    const frame: RouterFrame = { type: 'prompt', ref, conversation, turn };
    for (const { connection } of open) connection.send(JSON.stringify(frame));
    return promise;
  }

  /** An answer that was not asked for, or comes too late, is dropped. */
  answered(replica: Replica, ref: string, calls: readonly ModelCall[]): void {
    const request = this.#waiting.get(ref);
    if (!request?.open.delete(replica)) return;
    if (calls.length > 0) this.#end(ref, request, { kind: 'calls', calls });
    else if (request.open.size === 0) this.#end(ref, request, { kind: 'forgotten' });
  }

  onPresence(change: PresenceChange): void {
    if (change.type !== 'replica-left') return;
    for (const ref of [...this.#waiting.keys()]) this.answered(change.replica, ref, []);
  }

  tick(): void {
    for (const [ref, request] of [...this.#waiting])
      if (this.#now() - request.askedAt >= promptWaitMs) this.#end(ref, request, { kind: 'late' });
  }

  #end(ref: string, { resolve }: Request, answer: PromptAnswer): void {
    this.#waiting.delete(ref);
    resolve(answer);
  }
}
