import { idPattern } from '@parley/protocol';
import { type ShardStream, streamOf } from './streams.ts';

export interface OtherStreamsOptions {
  /** The stream of this router. */
  readonly own: string;
  /** All streams of the deployment. */
  readonly streams: readonly ShardStream[];
  /** Asks a stream whether it has entries of the conversation. Rejects when the stream does not answer. */
  readonly holds: (stream: string, conversation: string) => Promise<boolean>;
  /** Whether this router has the conversation. */
  readonly isHere: (conversation: string) => boolean;
}

/**
 * Where a conversation is, in a deployment that divides its conversations among several streams. The streams themselves say it,
 * so no table can be out of date, and a conversation stays found when the list of streams has changed since it was opened.
 */
export class OtherStreams {
  readonly #options: OtherStreamsOptions;

  constructor(options: OtherStreamsOptions) {
    this.#options = options;
  }

  /** Whether this router's stream gets new conversations. */
  get opensHere(): boolean {
    const { own, streams } = this.#options;
    return streams.some(({ name, weight }) => name === own && weight > 0);
  }

  /**
   * The address of the routers of the other stream that has the conversation; undefined when it is here, or in no stream.
   * Rejects when a stream does not answer and no other one has the conversation.
   */
  async addressOf(conversation: string): Promise<string | undefined> {
    const { own, streams, holds, isHere } = this.#options;
    // An id comes from a path. Of a stream it is asked as a part of a subject.
    if (!idPattern.test(conversation) || isHere(conversation)) return undefined;
    const others = streams.filter(({ name }) => name !== own);
    const answers = await Promise.allSettled(others.map(({ name }) => holds(name, conversation)));
    const found = others.find((_, index) => {
      const answer = answers[index];
      return answer?.status === 'fulfilled' && answer.value;
    });
    const failed = answers.find(({ status }) => status === 'rejected');
    if (!found && failed?.status === 'rejected') throw failed.reason;
    return found?.url;
  }

  /**
   * The address at which a conversation with this id is to be opened; undefined: here. A request that is repeated while the
   * list of streams changes finds what it has opened before.
   */
  async addressFor(conversation: string): Promise<string | undefined> {
    const { own, streams, isHere } = this.#options;
    if (isHere(conversation)) return undefined;
    const there = await this.addressOf(conversation);
    if (there !== undefined) return there;
    const stream = streamOf(conversation, streams);
    return stream?.name === own ? undefined : stream?.url;
  }
}
