import type { QueuedMessage } from '../plain/plain-message.ts';

/**
 * Sent to the other routers when a plain client connects to this one. They answer with the state of its delivery, and close
 * their connection of the client.
 */
export interface HandoverRequest {
  readonly type: 'ask';
  readonly ref: string;
  readonly name: string;
}

/** The delivery state of the client at one router. */
export interface HandedOver {
  readonly type: 'given';
  readonly ref: string;
  /** It had the connection of the client. Then `pending` is everything that is still to be delivered up to `processed`. */
  readonly hadClient: boolean;
  /** Position of the newest entry that it has processed. */
  readonly processed: number;
  /** The client has received all its messages up to this position. */
  readonly upTo: number;
  /**
   * Messages that were sent and not acknowledged, then messages that wait, in the order of delivery. If the client was not
   * connected there: only digests, because every router has the messages.
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

/** Undefined for an invalid payload, because it comes from the network. */
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
