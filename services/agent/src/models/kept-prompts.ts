import type { PromptLog } from '../memory/prompt-log.ts';
import type { TurnContext } from '../memory/turn-context.ts';
import type { Model, SentRequest } from './model.ts';

type Place = Pick<TurnContext, 'conversation' | 'turn' | 'lapses'>;

/** The model, with each of its calls kept in the log. An adapter that changes the messages reports what it really sent. */
export const keptPrompts = (
  model: Model,
  { conversation, turn, lapses }: Place,
  log: PromptLog,
  wall: () => number,
): Model => {
  if (!log.isKept) return model;
  return {
    provider: model.provider,
    name: model.name,
    reply(request) {
      const keep = ({ messages, parameters }: SentRequest) =>
        log.keep(
          { conversation, turn },
          {
            purpose: request.purpose,
            attempt: lapses.length + 1,
            at: wall(),
            model: (request.model ?? model.name).slice(0, 200),
            parameters,
            messages,
          },
        );
      if (!model.tellsWhatItSends) keep({ messages: request.messages, parameters: [] });
      return model.reply(model.tellsWhatItSends ? { ...request, onSent: keep } : request);
    },
  };
};
