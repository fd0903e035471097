import type { QueuedMessage } from '../plain/plain-message.ts';

/** Asks the other routers what they have for a plain client that has come here. Its connections elsewhere are closed. */
export interface HandoverRequest {
  readonly type: 'ask';
  readonly ref: string;
  readonly name: string;
}

/** What one router knows of the delivery to the client. */
export interface HandedOver {
  readonly type: 'given';
  readonly ref: string;
  /** It had the connection of the client: up to `processed`, `pending` is all that is still to be delivered. */
  readonly hadClient: boolean;
  /** Position of the newest entry that it has processed. */
  readonly processed: number;
  /** Up to here the client has all its messages. */
  readonly upTo: number;
  /**
   * What was sent and not acknowledged, and what waits, in the order of delivery. If the client was not connected there, only the
   * digests: all routers have the messages.
   */
  readonly pending: readonly QueuedMessage[];
}

export type HandoverMessage = HandoverRequest | HandedOver;

const isText = (value: unknown): value is string => typeof value === 'string';
const isPosition = (value: unknown): value is number => Number.isSafeInteger(value);

const isQueuedMessage = (value: unknown): value is QueuedMessage => {
  const { conversation, seq, position, from, at, bytes, isDigest } = (value ?? {}) as Partial<QueuedMessage>;
  const texts = isText(conversation) && isText(from);
  const numbers = [seq, position, at, bytes].every((one) => Number.isFinite(one));
  return texts && numbers && typeof isDigest === 'boolean';
};

/** Undefined for what is no such message: it comes from the network. */
export const readHandover = (payload: unknown): HandoverMessage | undefined => {
  const { type, ref, name, hadClient, processed, upTo, pending } = (payload ?? {}) as Record<string, unknown>;
  if (!isText(ref)) return undefined;
  if (type === 'ask') return isText(name) ? { type, ref, name } : undefined;
  if (
    type !== 'given' ||
    typeof hadClient !== 'boolean' ||
    !isPosition(processed) ||
    !isPosition(upTo) ||
    !Array.isArray(pending)
  )
    return undefined;
  return pending.every(isQueuedMessage) ? { type, ref, hadClient, processed, upTo, pending } : undefined;
};
