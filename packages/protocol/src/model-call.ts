import { maxFrameBytes } from './limits.ts';
import { integer, list, number, object, oneOf, optional, type Static, text } from './shape.ts';

const count = integer(0, Number.MAX_SAFE_INTEGER);

/** What a call of a model is for: a message, a number to bid for the floor, or the agent's own summary. */
export const callPurposes = ['message', 'bid', 'summary'] as const;

/** One call of a model, as the agent sent it. Keys and reasoning are no part of it. */
const modelCall = object({
  purpose: oneOf(callPurposes),
  /** Of the grant of the turn. */
  attempt: integer(1, Number.MAX_SAFE_INTEGER),
  /** When it was sent, in milliseconds since 1970. */
  at: count,
  model: text({ max: 200 }),
  /** The numbers that were sent beside the messages, by the names of the model server: `temperature`, `max_tokens`, `seed`. */
  parameters: list(
    object({
      name: text({ min: 1, max: 64 }),
      value: number(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    }),
    { max: 32 },
  ),
  messages: list(object({ role: text({ min: 1, max: 32 }), content: text({ max: maxFrameBytes }) }), {
    max: 10_000,
  }),
  /** What is missing, because a frame holds no more: whole messages behind the first one, and characters of those that are here. */
  omitted: optional(object({ messages: count, characters: count })),
});
export type ModelCall = Static<typeof modelCall>;

/** Calls in one answer. One turn makes fewer. */
const maxCalls = 100;
/** Bytes of the calls in one answer: with the rest of the frame they stay below `maxFrameBytes`. */
export const maxPromptBytes = maxFrameBytes - 8 * 1024;

export const modelCalls = list(modelCall, { max: maxCalls });
