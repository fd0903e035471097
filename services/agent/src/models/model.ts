import type { Failure, Usage } from '@parley/protocol';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What a call is for: a message, a number to bid for the floor, or the agent's own summary. */
type Purpose = 'message' | 'bid' | 'summary';

export interface ModelRequest {
  readonly purpose: Purpose;
  readonly messages: readonly ChatMessage[];
  /** The model that the conversation names; the adapter's own when undefined. */
  readonly model: string | undefined;
  /** Drawn for this call; a retry of the same call keeps it. Undefined: the server draws one. */
  readonly seed: number | undefined;
  /** Calls with the same session belong to one conversation: the key of what an adapter keeps between calls. */
  readonly session: string;
  readonly maxOutputTokens: number | undefined;
  /** Aborted with an `AbortReason`: the deadline has passed, or the reply is not wanted any more. */
  readonly signal: AbortSignal;
  /** When the signal will be aborted at the latest, on the clock of `performance.now()`. */
  readonly deadlineAt: number;
  /**
   * Takes one more of the calls that the grant pays for; false when there is none left. To be called before each
   * call of the model beyond the first.
   */
  readonly takeCall: () => boolean;
  /** Whether nothing more is wanted of a reply that is being written; asked now and then, linear in the text. */
  readonly isEnough?: ((text: string) => boolean) | undefined;
  /** Called with each piece of the reply as it comes. */
  readonly onText?: ((text: string) => void) | undefined;
}

export type AbortReason = 'timed-out' | 'interrupted';

/** Why a call is worth making again: closed, for it labels a metric. */
export const retryReasons = [
  'rate-limited',
  'request-timeout',
  'conflict',
  'server-error',
  'connection',
  'broken-stream',
  'loading',
] as const;
export type RetryReason = (typeof retryReasons)[number];

export interface ModelFailure {
  readonly kind: 'failed';
  readonly reason: Failure;
  /** For the operator and the ledger: never a secret, never what was said. */
  readonly detail: string;
  /** Present when the same call may succeed later; `afterMs` is what the server asked for. */
  readonly retry?: { readonly reason: RetryReason; readonly afterMs?: number | undefined };
  /** With `context-overflow`: how many tokens the model takes in all, where the server names it. */
  readonly contextTokens?: number | undefined;
  /** With `timed-out` and `interrupted`: what had come of the reply, and what it cost. */
  readonly partial?: { readonly text: string; readonly usage: Usage } | undefined;
}
interface ModelText {
  readonly kind: 'text';
  readonly text: string;
  /** Its model is the one that was asked for: by that name prices and rates are known. */
  readonly usage: Usage;
  /** Why the model stopped, in the server's word; `length` is a reply that was cut off. */
  readonly finish?: string | undefined;
  /** Whether the server sent reasoning beside the text, which it keeps apart. */
  readonly reasoned?: true;
  /** What the server says of itself: the model that really answered, and its configuration. */
  readonly servedBy?: string | undefined;
  readonly fingerprint?: string | undefined;
}
export type ModelReply = ModelText | ModelFailure;

/** Contract: `reply` never throws and never rejects. Refusals, time-outs and aborts are `failed`. */
export interface Model {
  /** The `gen_ai.provider.name` of metrics. */
  readonly provider: string;
  /** The model that is asked where the request names none. */
  readonly name: string;
  reply(request: ModelRequest): Promise<ModelReply>;
}

export const failed = (
  reason: Failure,
  detail: string,
  retry?: NonNullable<ModelFailure['retry']>,
): ModelFailure => ({ kind: 'failed', reason, detail: detail.slice(0, 1_000), ...(retry && { retry }) });

export const aborted = (signal: AbortSignal): ModelFailure => {
  const reason: AbortReason = signal.reason === 'timed-out' ? 'timed-out' : 'interrupted';
  return failed(reason, reason === 'timed-out' ? 'no reply within the deadline' : 'the reply was called off');
};

export { estimateTokens } from '../text/tokens.ts';
