import type { ChatMessage, ModelReply } from '../model.ts';

/** The part of a call that determines its reply: no time, no id of a conversation, no random number except the seed. */
export interface RecordedRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly seed?: number;
}

/** Parameters of the settings that every request has. */
export interface FixedParameters {
  readonly temperature?: number | undefined;
}

/** The first line of a cassette: the settings with which it was recorded. */
export interface Manifest extends FixedParameters {
  readonly kind: 'manifest';
  /** The version of the format. */
  readonly cassette: 1;
  readonly agent: string;
  readonly version: string;
  readonly node: string;
  readonly provider: string;
  readonly model: string;
  /** The seed of the agent, from which the seeds of the calls were derived. */
  readonly seed?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly historyTokens: number;
}

/** One call with its retries, so that a replay takes the same turns as the recording. */
export interface RecordedCall {
  readonly kind: 'call';
  readonly hash: string;
  readonly request: RecordedRequest;
  readonly reply: ModelReply;
}
