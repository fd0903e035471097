import type { ChatMessage, ModelReply } from '../model.ts';

/** All of a call that its answer depends on; no time, no conversation's id, nothing drawn. */
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
  readonly seed?: number | undefined;
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
  readonly maxTokens?: number | undefined;
  readonly historyTokens: number;
}

/** One call: retries of our own are inside, so that a replay takes the same turns as the recording. */
export interface RecordedCall {
  readonly kind: 'call';
  readonly hash: string;
  readonly request: RecordedRequest;
  readonly reply: ModelReply;
}
