import { estimateTokens, type Model, type ModelReply, type ModelRequest } from './model.ts';

/** A stream is looked at again when it has grown by this share, so that the looking is linear in its length. */
const growth = 1.25;
const leastGrowth = 200;

const partOf = (request: ModelRequest, text: string, model: Model): ModelReply => ({
  kind: 'text',
  text,
  // What a server counts comes at the end of a stream.
  usage: {
    inputTokens: request.messages.reduce((sum, { content }) => sum + estimateTokens(content), 0),
    outputTokens: estimateTokens(text),
    model: request.scene.model ?? model.name,
    estimated: true,
  },
  finish: 'length',
});

/**
 * Ends a reply of which nothing more is wanted, and keeps what has come of one that the deadline ends: both are replies
 * that were cut off, like one that reached its limit of tokens. What was written is paid for.
 */
export const cutShort = (model: Model): Model => ({
  provider: model.provider,
  name: model.name,
  async reply(request: ModelRequest): Promise<ModelReply> {
    const ended = new AbortController();
    let text = '';
    let next = leastGrowth;
    const onText = (piece: string) => {
      text += piece;
      request.onText?.(piece);
      if (!request.isEnough || text.length < next || ended.signal.aborted) return;
      next = Math.max(text.length + leastGrowth, text.length * growth);
      if (request.isEnough(text)) ended.abort('enough');
    };
    const signal = AbortSignal.any([request.signal, ended.signal]);
    const reply = await model.reply({ ...request, signal, onText });
    if (reply.kind === 'text' || text.trim() === '') return reply;
    const late = request.signal.aborted && request.signal.reason === 'timed-out';
    return late || (ended.signal.aborted && !request.signal.aborted) ? partOf(request, text, model) : reply;
  },
});
