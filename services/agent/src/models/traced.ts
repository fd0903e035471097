import {
  type Attributes,
  activeSpan,
  genAi,
  genAiOperations,
  inSpan,
  type Span,
  spanNames,
  type Tracing,
} from '@parley/runtime';
import type { Model, ModelReply, ModelRequest } from './model.ts';
import { inputContent, outputContent } from './traced-content.ts';

export interface TracedModel {
  readonly agent: string;
  /** Undefined where the server chooses it. */
  readonly temperature: number | undefined;
  /** Of the model server; undefined where none is asked. */
  readonly server: URL | undefined;
}

const addressOf = (server: URL | undefined): Attributes =>
  server
    ? {
        [spanNames.serverAddress]: server.hostname,
        [spanNames.serverPort]: Number(server.port || (server.protocol === 'https:' ? 443 : 80)),
      }
    : {};

/** A model server may repeat the request in the words of its error, so these are kept only where texts are. */
const endOf = (span: Span, reply: ModelReply, capturesContent: boolean): void => {
  const usage = reply.kind === 'text' ? reply.usage : reply.partial?.usage;
  if (usage) {
    span.set({ [genAi.inputTokens]: usage.inputTokens, [genAi.outputTokens]: usage.outputTokens });
    if (usage.estimated) span.set({ [spanNames.isEstimated]: true });
  }
  if (reply.kind === 'failed') span.fail(reply.reason, capturesContent ? reply.detail : undefined);
  else {
    if (reply.servedBy !== undefined) span.set({ [genAi.responseModel]: reply.servedBy });
    if (reply.finish !== undefined) span.set({ [genAi.finishReasons]: [reply.finish] });
  }
  span.end();
};

/** One span for each call of the model, retries included, below the span of the turn. Without traces it is the model itself. */
export const traced = (model: Model, tracing: Tracing | undefined, about: TracedModel): Model => {
  if (!tracing) return model;
  const { agent, temperature, server } = about;
  const fixed: Attributes = {
    [genAi.operation]: genAiOperations.call,
    [genAi.provider]: model.provider,
    [genAi.agent]: agent,
    ...(temperature !== undefined && { [genAi.temperature]: temperature }),
    ...addressOf(server),
  };
  return {
    provider: model.provider,
    name: model.name,
    async reply(request: ModelRequest): Promise<ModelReply> {
      const { maxOutputTokens, seed, purpose, session } = request;
      const name = request.model ?? model.name;
      const span = tracing.start({
        name: `${genAiOperations.call} ${name}`,
        kind: 'client',
        conversation: session,
        parent: activeSpan()?.traceparent,
        attributes: {
          ...fixed,
          [genAi.requestModel]: name,
          [spanNames.purpose]: purpose,
          ...(maxOutputTokens !== undefined && { [genAi.maxTokens]: maxOutputTokens }),
          ...(seed !== undefined && { [genAi.seed]: seed }),
          ...(tracing.capturesContent && inputContent(request.messages)),
        },
      });
      const reply = await inSpan(span, () => model.reply(request));
      if (tracing.capturesContent && reply.kind === 'text') span.set(outputContent(reply));
      endOf(span, reply, tracing.capturesContent);
      return reply;
    },
  };
};
