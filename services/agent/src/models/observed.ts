import type { Failure, Usage } from '@parley/protocol';
import type { Model, ModelRequest } from './model.ts';

/** Called for every call of the model, retries included. */
export interface ModelObserver {
  called(call: {
    model: string;
    seconds: number;
    error: Failure | undefined;
    usage: Usage | undefined;
    /** A message that reached its limit of tokens, or that the deadline has ended. */
    isCut: boolean;
  }): void;
  firstChunk(seconds: number, model: string): void;
}

export const observed = (model: Model, observer: ModelObserver, now: () => number): Model => ({
  provider: model.provider,
  name: model.name,
  async reply(request: ModelRequest) {
    const start = now();
    const asked = request.model ?? model.name;
    const seconds = () => (now() - start) / 1_000;
    let begun = false;
    const onText = (text: string) => {
      if (!begun) observer.firstChunk(seconds(), asked);
      begun = true;
      request.onText?.(text);
    };
    const reply = await model.reply({ ...request, onText });
    observer.called({
      model: asked,
      seconds: seconds(),
      error: reply.kind === 'failed' ? reply.reason : undefined,
      usage: reply.kind === 'text' ? reply.usage : undefined,
      isCut: request.purpose === 'message' && reply.kind === 'text' && reply.finish === 'length',
    });
    return reply;
  },
});
