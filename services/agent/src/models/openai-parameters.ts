import type { ChatMessage } from './model.ts';

type Parameter = 'max_tokens' | 'max_completion_tokens' | 'temperature' | 'seed' | 'stream_options';

/** The parts of a request that a compatible server may not know. */
export interface Wishes {
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly seed?: number | undefined;
}
export interface Lesson {
  readonly parameter: string;
  readonly instead: string | undefined;
}

const refusesParameter =
  /unsupported|not supported|does(?:n't| not) support|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|extra/i;

/** Chat templates of some models know no system message, and say so in these words. */
const refusesSystem =
  /system (?:role|message|prompt)s?\b.{0,40}(?:not supported|unsupported|not allowed)|does(?:n't| not) support.{0,20}\bsystem\b|only user and assistant roles|roles must alternate/i;

const mentioned = (names: readonly string[], message: string): string | undefined =>
  names
    .map((name) => ({ name, at: message.search(new RegExp(`\\b${name}\\b`)) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0]?.name;

/**
 * Which optional parameters one server takes. What it refuses is left out, or renamed, from then on.
 * Servers differ in the name of the token limit: the newer one is OpenAI's, the older one everybody else's.
 */
export class OpenAIParameters {
  #limit: 'max_tokens' | 'max_completion_tokens';
  #renamed = false;
  #foldsSystem = false;
  readonly #refused = new Set<Parameter>();

  constructor(isOpenAI: boolean) {
    this.#limit = isOpenAI ? 'max_completion_tokens' : 'max_tokens';
  }

  for({ maxOutputTokens, temperature, seed }: Wishes): Partial<Record<Parameter, unknown>> {
    const all: Partial<Record<Parameter, unknown>> = {
      [this.#limit]: maxOutputTokens,
      temperature,
      seed,
      stream_options: { include_usage: true },
    };
    return Object.fromEntries(
      Object.entries(all).filter(
        ([name, value]) => value !== undefined && !this.#refused.has(name as Parameter),
      ),
    );
  }

  /** The messages as the server takes them: what it must not be told as the system, the first user says. */
  messages(messages: readonly ChatMessage[]): readonly ChatMessage[] {
    const [system, first, ...rest] = messages;
    if (!this.#foldsSystem || system?.role !== 'system') return messages;
    if (first?.role !== 'user') return [{ ...system, role: 'user' }, ...messages.slice(1)];
    return [{ role: 'user', content: `${system.content}\n\n${first.content}` }, ...rest];
  }

  /** What to do otherwise after a refusal that names one of the parameters `sent`; undefined: nothing. */
  learn(error: { status?: unknown; message?: unknown; param?: unknown }, sent: object): Lesson | undefined {
    const message = String(error.message ?? '');
    const refused = typeof error.status === 'number' && error.status >= 400 && error.status !== 429;
    if (refused && !this.#foldsSystem && refusesSystem.test(message)) {
      this.#foldsSystem = true;
      return { parameter: 'system message', instead: 'first user message' };
    }
    if ((error.status !== 400 && error.status !== 422) || !refusesParameter.test(message)) return undefined;
    const names = Object.keys(sent);
    const root = typeof error.param === 'string' ? error.param.split('.')[0] : undefined;
    const parameter = (names.find((name) => name === root) ?? mentioned(names, message)) as
      | Parameter
      | undefined;
    if (!parameter || this.#refused.has(parameter)) return undefined;
    if (parameter !== this.#limit || this.#renamed) {
      this.#refused.add(parameter);
      return { parameter, instead: undefined };
    }
    this.#renamed = true;
    this.#limit = parameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    return { parameter, instead: this.#limit };
  }
}
