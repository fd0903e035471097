import type { ChatMessage, SentRequest } from '../model.ts';

type Parameter =
  | 'max_tokens'
  | 'max_completion_tokens'
  | 'temperature'
  | 'seed'
  | 'stream_options'
  | 'stream';

/** The parameters that a compatible server may not support. */
export interface OptionalParameters {
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly seed?: number | undefined;
}
export interface ParameterQuirk {
  readonly parameter: string;
  readonly instead: string | undefined;
}
/** A message as it is sent. Some servers require the reasoning of earlier replies with them. */
type SentMessage = ChatMessage & { readonly reasoning_content?: string };

/** What an operator may read of a request: no reasoning, and of the parameters the numbers. */
export const sentOf = (
  messages: readonly ChatMessage[],
  sent: Readonly<Record<string, unknown>>,
): SentRequest => ({
  messages: messages.map(({ role, content }) => ({ role, content })),
  parameters: Object.entries(sent).flatMap(([name, value]) =>
    typeof value === 'number' ? [{ name, value }] : [],
  ),
});

const refusesParameter =
  /unsupported|not supported|does(?:n't| not) support|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|extra|not implemented|is not (?:available|valid) (?:for|with)|deprecated|only \d[\d.]* is allowed|verified to stream/i;

/**
 * A server that streams to no client, or not with this model. Errors of a stream that has begun also contain the word, so the
 * refusal must be close to it.
 */
const refusesStreaming =
  /stream(?:ing)?\b.{0,40}(?:not supported|unsupported|not allowed)|support.{0,20}stream|verified to stream/i;
/** `stream` as the name of a parameter. */
const namesStream = /["'`]stream["'`]|\bstream\s*:|(?:parameters?|fields?|arguments?|property):?\s+stream\b/i;

/** The errors of chat templates that support no system message. */
const refusesSystem =
  /system (?:role|message|prompt)s?\b.{0,40}(?:not supported|unsupported|not allowed)|does(?:n't| not) support.{0,20}\bsystem\b|only user and assistant roles|roles must alternate/i;

/**
 * “max_tokens is too large: 16384. This model supports at most 4096 completion tokens”, “the range is [1, 8192]”, “between 1 and
 * 8192”, “16384 > 8192, which is the maximum”.
 */
const mostOutput = [
  /\[\s*\d+\s*,\s*(\d[\d_]{1,6})\s*\]/,
  /between \d+ and (\d[\d,_]{1,8})/i,
  /\d\s*>\s*(\d[\d,_]{1,8})/,
  /\blimit(?: is|:)? (\d[\d,_]{1,8})/i,
  /(?:supports?|allows?|than or equal to|at most|maximum(?: value)?(?: is| of)?|<=|≤|must be (?:less|lower|smaller) than)\D{0,30}(\d[\d,_]{1,8})/i,
];
const mostOutputIn = (message: string): number => {
  const found = mostOutput.map((form) => form.exec(message)?.[1]).find((number) => number !== undefined);
  return Number(found?.replace(/[,_]+$|[,_](?=\d{3}(?!\d))/g, ''));
};

const mentioned = (names: readonly string[], message: string): string | undefined =>
  names
    .map((name) => ({
      name,
      at: message.search(name === 'stream' ? /\bstream\b|\bstreaming\b/i : new RegExp(`\\b${name}\\b`)),
    }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0]?.name;

/**
 * The optional parameters that one server accepts for one model. A refused parameter is left out or renamed from then on. Servers
 * differ in the name of the token limit: OpenAI uses the newer name, all others the older one.
 */
export class OpenAIParameters {
  #limit: 'max_tokens' | 'max_completion_tokens';
  #renamed = false;
  #foldsSystem = false;
  /** Whether earlier replies are sent with their reasoning. */
  #returnsReasoning = false;
  #mostOutput = Number.POSITIVE_INFINITY;
  readonly #refused = new Set<Parameter | 'reasoning_content'>();

  constructor(isOpenAI: boolean) {
    this.#limit = isOpenAI ? 'max_completion_tokens' : 'max_tokens';
  }

  for({ maxOutputTokens, temperature, seed }: OptionalParameters): Partial<Record<Parameter, unknown>> {
    const all: Partial<Record<Parameter, unknown>> = {
      [this.#limit]: maxOutputTokens && Math.min(maxOutputTokens, this.#mostOutput),
      temperature,
      seed,
      stream: true,
      stream_options: this.#refused.has('stream') ? undefined : { include_usage: true },
    };
    return Object.fromEntries(
      Object.entries(all).filter(
        ([name, value]) => value !== undefined && !this.#refused.has(name as Parameter),
      ),
    );
  }

  /**
   * The messages in the form that the server accepts. If it supports no system message, that text is put into the first user
   * message. If it requires reasoning, `reasoningOf` returns it for each earlier reply.
   */
  messages(
    messages: readonly ChatMessage[],
    reasoningOf: (reply: string) => string = () => '',
  ): readonly SentMessage[] {
    const folded = this.#folded(messages);
    if (!this.#returnsReasoning) return folded;
    return folded.map((message) =>
      message.role === 'assistant'
        ? { ...message, reasoning_content: reasoningOf(message.content) }
        : message,
    );
  }

  #folded(messages: readonly ChatMessage[]): readonly ChatMessage[] {
    const [system, first, ...rest] = messages;
    if (!this.#foldsSystem || system?.role !== 'system') return messages;
    if (first?.role !== 'user') return [{ ...system, role: 'user' }, ...messages.slice(1)];
    return [{ role: 'user', content: `${system.content}\n\n${first.content}` }, ...rest];
  }

  /** Learns from a refusal that names one of the parameters `sent`. Returns the change; undefined when there is none. */
  learn(
    error: { status?: unknown; message?: unknown; param?: unknown },
    sent: object,
  ): ParameterQuirk | undefined {
    const message = String(error.message ?? '');
    // A refused key or a full quota says nothing about the request.
    const refused =
      typeof error.status === 'number' && error.status >= 400 && ![401, 403, 429].includes(error.status);
    if (refused && !this.#foldsSystem && refusesSystem.test(message)) {
      this.#foldsSystem = true;
      return { parameter: 'system message', instead: 'first user message' };
    }
    // A server that has failed has refused no parameter. Only the text of a chat template is reported so.
    if (!refused || Number(error.status) >= 500) return undefined;
    const aboutReasoning = this.#learnReasoning(message);
    if (aboutReasoning) return aboutReasoning;
    const names = Object.keys(sent);
    const root = typeof error.param === 'string' ? error.param.split('.')[0] : undefined;
    const parameter = (names.find((name) => name === root) ?? mentioned(names, message)) as
      | Parameter
      | undefined;
    if (!parameter || this.#refused.has(parameter)) return undefined;
    const isInvalid = error.status === 400 || error.status === 422;
    if (parameter === 'stream') {
      const isNamed = isInvalid && (root === 'stream' || namesStream.test(message));
      if (!refusesStreaming.test(message) && !(isNamed && refusesParameter.test(message))) return undefined;
      this.#refused.add('stream');
      return { parameter, instead: undefined };
    }
    if (!isInvalid) return undefined;
    const lower = parameter === this.#limit ? this.#learnMostOutput(message, sent) : undefined;
    if (lower) return lower;
    if (!refusesParameter.test(message)) return undefined;
    if (parameter !== this.#limit || this.#renamed) {
      this.#refused.add(parameter);
      return { parameter, instead: undefined };
    }
    this.#renamed = true;
    this.#limit = parameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    return { parameter, instead: this.#limit };
  }

  #learnReasoning(message: string): ParameterQuirk | undefined {
    if (!/\breasoning_content\b/.test(message) || this.#refused.has('reasoning_content')) return undefined;
    if (!this.#returnsReasoning && !refusesParameter.test(message)) {
      this.#returnsReasoning = true;
      return {
        parameter: 'a reply without reasoning_content',
        instead: 'reasoning_content of earlier replies',
      };
    }
    if (!this.#returnsReasoning || !refusesParameter.test(message)) return undefined;
    this.#returnsReasoning = false;
    this.#refused.add('reasoning_content');
    return { parameter: 'reasoning_content', instead: undefined };
  }

  #learnMostOutput(message: string, sent: object): ParameterQuirk | undefined {
    const most = mostOutputIn(message);
    const asked = Number(Object.entries(sent).find(([name]) => name === this.#limit)?.[1]);
    if (!Number.isInteger(most) || most < 16 || !(most < asked)) return undefined;
    this.#mostOutput = most;
    return { parameter: this.#limit, instead: `${this.#limit} of ${most}` };
  }
}
