import type { ChatMessage, ModelReply } from '../model.ts';

/** All of a call that its reply depends on: no time, no id of a conversation, no random number but the seed. */
export interface RecordedRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly seed?: number;
}

/** What the settings add to every request. */
export interface FixedParameters {
  readonly temperature?: number | undefined;
}

/** The first line of a cassette: what it was recorded with. */
export interface Manifest extends FixedParameters {
  readonly kind: 'manifest';
  /** Of the format. */
  readonly cassette: 1;
  readonly agent: string;
  readonly version: string;
  readonly node: string;
  readonly provider: string;
  readonly model: string;
  /** The agent's own seed, from which the seeds of the calls were drawn. */
  readonly seed?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly historyTokens: number;
}

/** One call. Retries are inside of it, so that a replay takes the same turns as the recording. */
export interface RecordedCall {
  readonly kind: 'call';
  readonly hash: string;
  readonly request: RecordedRequest;
  readonly reply: ModelReply;
}
