import type { Failure, Usage } from '@parley/protocol';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** The purpose of a call: a message, a bid for the floor, or a summary for the agent itself. */
type Purpose = 'message' | 'bid' | 'summary';

/** A request as it left for the model server. */
export interface SentRequest {
  readonly messages: readonly ChatMessage[];
  /** The numbers beside the messages, by the names that the server has for them. */
  readonly parameters: readonly { readonly name: string; readonly value: number }[];
}

export interface ModelRequest {
  readonly purpose: Purpose;
  readonly messages: readonly ChatMessage[];
  /** The model that the conversation names. Undefined: the default model of the adapter. */
  readonly model: string | undefined;
  /** The seed of this call. A retry uses the same seed. Undefined: the server chooses one. */
  readonly seed: number | undefined;
  /** Calls with the same session belong to one conversation. An adapter may keep data between calls under this key. */
  readonly session: string;
  readonly maxOutputTokens: number | undefined;
  /** Aborted with an `AbortReason`: the deadline has passed, or the reply is not wanted any more. */
  readonly signal: AbortSignal;
  /** The latest time at which the signal is aborted, by the clock of `performance.now()`. */
  readonly deadlineAt: number;
  /**
   * Takes one more of the calls that the grant allows; false when none is left. To be called before each call of the model after
   * the first.
   */
  readonly takeCall: () => boolean;
  /**
   * Whether the text of an unfinished reply is long enough, so that the rest is not needed. Asked at intervals; takes linear
   * time.
   */
  readonly isEnough?: ((text: string) => boolean) | undefined;
  /** Called before each call by a model that `tellsWhatItSends`. */
  readonly onSent?: ((sent: SentRequest) => void) | undefined;
  /** Called with each piece of the reply when it arrives. */
  readonly onText?: ((text: string) => void) | undefined;
}

export type AbortReason = 'timed-out' | 'interrupted';

/** Why a call may be retried. A closed set, because it labels a metric. */
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
  /** For the operator and the ledger. Contains no secret and no text of messages. */
  readonly detail: string;
  /** Present when the same call may succeed later. `afterMs`: the wait that the server asked for. */
  readonly retry?: { readonly reason: RetryReason; readonly afterMs?: number | undefined };
  /** With `context-overflow`: the context length of the model in tokens, if the server names it. */
  readonly contextTokens?: number | undefined;
  /** With `timed-out` and `interrupted`: the received part of the reply and its cost. */
  readonly partial?: { readonly text: string; readonly usage: Usage } | undefined;
}
interface ModelText {
  readonly kind: 'text';
  readonly text: string;
  /** Its `model` is the requested one, because the tables of prices and rates use that name. */
  readonly usage: Usage;
  /** Why the model stopped, as the server calls it. `length`: the reply was truncated. */
  readonly finish?: string | undefined;
  /** Whether the server sent reasoning in a field of its own. */
  readonly reasoned?: true;
  /** The model that answered and its configuration, according to the server. */
  readonly servedBy?: string | undefined;
  readonly fingerprint?: string | undefined;
}
export type ModelReply = ModelText | ModelFailure;

/** Contract: `reply` never throws and never rejects. Refusals, time-outs and aborts are `failed`. */
export interface Model {
  /** The `gen_ai.provider.name` of metrics. */
  readonly provider: string;
  /** The model for requests that name none. */
  readonly name: string;
  /** It may send other messages than it was given, and calls `onSent` with them. */
  readonly tellsWhatItSends?: true;
  reply(request: ModelRequest): Promise<ModelReply>;
}

export const failed = (
  reason: Failure,
  detail: string,
  retry?: NonNullable<ModelFailure['retry']>,
): ModelFailure => ({ kind: 'failed', reason, detail: detail.slice(0, 1_000), ...(retry && { retry }) });

export const aborted = (signal: AbortSignal): ModelFailure => {
  const reason: AbortReason = signal.reason === 'timed-out' ? 'timed-out' : 'interrupted';
  return failed(reason, reason === 'timed-out' ? 'no reply within the deadline' : 'the reply was cancelled');
};

export { estimateTokens } from '../text/tokens.ts';
