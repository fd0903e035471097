import type { Model, ModelReply, ModelRequest } from '../model.ts';

/** A reply is checked again when it has grown by this factor, so that all checks together take linear time. */
const growth = 1.25;
const leastGrowth = 200;

/** Calls `isEnough` at intervals while a reply grows. */
export const watching = (isEnough: ModelRequest['isEnough']): ((text: string) => boolean) => {
  let next = leastGrowth;
  return (text) => {
    if (!isEnough || text.length < next) return false;
    next = Math.max(text.length + leastGrowth, text.length * growth);
    return isEnough(text);
  };
};

/**
 * Keeps the received part of a reply that the deadline ended. It counts as a truncated reply, like one that reached its limit of
 * tokens.
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
