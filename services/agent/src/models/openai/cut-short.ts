import type { Model, ModelReply, ModelRequest } from '../model.ts';

/** A reply is looked at again when it has grown by this share, so that the looking is linear in its length. */
const growth = 1.25;
const leastGrowth = 200;

/** Asks `isEnough` now and then while a reply grows. */
export const watching = (isEnough: ModelRequest['isEnough']): ((text: string) => boolean) => {
  let next = leastGrowth;
  return (text) => {
    if (!isEnough || text.length < next) return false;
    next = Math.max(text.length + leastGrowth, text.length * growth);
    return isEnough(text);
  };
};

/**
 * Keeps what has come of a reply that the deadline ends: it is a reply that was cut off, like one that reached its limit
 * of tokens.
 */
export const cutShort = (model: Model): Model => ({
  provider: model.provider,
  name: model.name,
  async reply(request: ModelRequest): Promise<ModelReply> {
    const reply = await model.reply(request);
    if (reply.kind === 'text' || reply.reason !== 'timed-out' || !reply.partial?.text.trim()) return reply;
    return { kind: 'text', ...reply.partial, finish: 'length' };
  },
});
