import type { Usage } from '@parley/protocol';
import { closesUnopened } from '../../text/reasoning.ts';
import { version } from '../../version.ts';
import {
  aborted,
  estimateTokens,
  failed,
  type Model,
  type ModelFailure,
  type ModelReply,
  type ModelRequest,
} from '../model.ts';
import { type Body, readBody, TooMuch } from './chat-body.ts';
import { BrokenStream, ChatReply, ReportedError } from './chat-reply.ts';
import { jsonValues } from './chat-values.ts';
import {
  type Exchange,
  type HttpAnswer,
  httpExchange,
  type OnAsking,
  type Proxies,
} from './connection/http-exchange.ts';
import { redactor } from './connection/redacted.ts';
import { redirected } from './connection/redirect.ts';
import { serverAddress, shownURL } from './connection/server-address.ts';
import { watching } from './cut-short.ts';
import { modelNames } from './model-names.ts';
import { connectionFailure, failureOf, type Refusal } from './openai-failures.ts';
import { OpenAIParameters, type ParameterQuirk, sentOf } from './openai-parameters.ts';
import { ReasoningMemory } from './reasoning-memory.ts';
import { refusalOf } from './refusal-body.ts';
import { pageText, wordsOf } from './server-words.ts';

export interface OpenAISettings {
  readonly apiKey: string | undefined;
  /** Undefined: the server of OpenAI. */
  readonly baseURL: string | undefined;
  readonly model: string;
  readonly temperature: number | undefined;
  readonly proxies?: Proxies;
  readonly onLesson: (lesson: ParameterQuirk) => void;
  readonly onAsking?: OnAsking;
}

const openAI = 'https://api.openai.com/v1';
/** How long a server may keep its answer open after the end of the reply. The usage may come in this time. */
const lingerMs = 3_000;

/** Learned properties of one server, for one of its models. */
interface Known {
  readonly parameters: OpenAIParameters;
  /** Whether the text of replies may be streamed. Only a complete reply shows that the text contains no reasoning. */
  live: 'unknown' | 'yes' | 'no';
}

const estimated = (request: ModelRequest, { text, reasoning }: ChatReply): Omit<Usage, 'model'> => ({
  inputTokens: request.messages.reduce((sum, { content }) => sum + estimateTokens(content), 0),
  outputTokens: estimateTokens(text) + estimateTokens(reasoning),
  estimated: true,
});

/** The token counts of the server, unless they are obviously wrong. */
const countedBy = ({ usage, text, reasoning }: ChatReply): Omit<Usage, 'model'> | undefined => {
  if (!usage || usage.inputTokens === 0) return undefined;
  if (usage.outputTokens === 0 && text + reasoning !== '') return undefined;
  return { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens };
};

const broken = (detail: string) => failed('model-unavailable', detail, { reason: 'broken-stream' });

/** Chat Completions of OpenAI or of any compatible server, streamed. */
class OpenAIModel implements Model {
  readonly provider = 'openai';
  readonly tellsWhatItSends = true;
  readonly name: string;
  readonly #settings: OpenAISettings;
  readonly #address;
  readonly #exchange: Exchange;
  readonly #redact: (text: string) => string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #byModel = new Map<string, Known>();
  readonly #reasoning = new ReasoningMemory();

  constructor(settings: OpenAISettings) {
    const { apiKey, baseURL, model, proxies, onAsking } = settings;
    this.#settings = settings;
    this.name = model;
    this.#address = serverAddress(baseURL ?? openAI);
    this.#exchange = httpExchange(proxies, onAsking);
    const { basic, secrets } = this.#address;
    const ofProxies = [proxies?.http, proxies?.https].flatMap((proxy) =>
      proxy === undefined ? [] : serverAddress(proxy).secrets,
    );
    this.#redact = redactor([...(apiKey === undefined ? [] : [apiKey]), ...secrets, ...ofProxies]);
    // Both use the same header. The user and the password of the URL are needed to reach the server, so they override the key.
    const authorization = basic ?? (apiKey === undefined ? undefined : `Bearer ${apiKey}`);
    this.#headers = {
      accept: 'application/json',
      'user-agent': `parley-agent/${version}`,
      ...(authorization !== undefined && { authorization }),
    };
  }

  async reply(request: ModelRequest): Promise<ModelReply> {
    for (;;) {
      // Terminates: every lesson removes one of a few parameters permanently.
      const reply = await this.#attempt(request);
      if (reply === 'again') continue;
      return reply.kind === 'failed' ? { ...reply, detail: this.#redact(reply.detail).slice(0, 900) } : reply;
    }
  }

  get #url(): string {
    return shownURL(this.#address.chat);
  }

  #known(model: string): Known {
    const known = this.#byModel.get(model) ?? {
      parameters: new OpenAIParameters(this.#settings.baseURL === undefined),
      live: this.#settings.baseURL === undefined ? 'yes' : 'unknown',
    };
    this.#byModel.set(model, known);
    return known;
  }

  async #attempt(request: ModelRequest): Promise<ModelReply | 'again'> {
    if (request.signal.aborted) return aborted(request.signal);
    const { maxOutputTokens, seed } = request;
    const model = request.model ?? this.name;
    const { parameters } = this.#known(model);
    const { temperature } = this.#settings;
    const sent = parameters.for({ maxOutputTokens, temperature, seed });
    const messages = parameters.messages(request.messages, (reply) =>
      this.#reasoning.of(request.session, reply),
    );
    request.onSent?.(sentOf(messages, sent));
    const controller = new AbortController();
    const abort = () => controller.abort();
    request.signal.addEventListener('abort', abort, { once: true });
    try {
      const answer = await this.#exchange({
        url: this.#address.chat,
        method: 'POST',
        headers: { ...this.#headers, 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages, ...sent }),
        signal: controller.signal,
      });
      if (answer.status < 300) return await this.#read(request, answer, controller);
      const words = await refusalOf(answer);
      const lesson = parameters.learn(
        { status: answer.status, message: words.text, param: words.param },
        sent,
      );
      if (lesson) return this.#learnt(lesson, request);
      return await this.#refused(request, { source: 'by-status', words, ...answer, url: this.#url });
    } catch (error) {
      if (request.signal.aborted) return aborted(request.signal);
      return connectionFailure(error, this.#url);
    } finally {
      request.signal.removeEventListener('abort', abort);
    }
  }

  #learnt(lesson: ParameterQuirk, request: ModelRequest): ModelFailure | 'again' {
    this.#settings.onLesson(lesson);
    if (request.takeCall()) return 'again';
    return failed('model-unavailable', `the model server refuses ${lesson.parameter}; next time without`);
  }

  async #refused(request: ModelRequest, refusal: Refusal): Promise<ModelFailure> {
    const { status, headers } = refusal;
    if (refusal.source === 'by-status' && status < 400)
      return redirected(status, headers.location, this.#address.chat);
    const failure = failureOf(refusal, Date.now());
    if (failure.reason !== 'model-not-found') return failure;
    const names = await modelNames(this.#exchange, this.#address.models, this.#headers, request.signal);
    const model = request.model ?? this.name;
    if (names === undefined || names.includes(model)) return failure;
    const there = names.length === 0 ? 'no model' : names.slice(0, 12).join(', ').slice(0, 300);
    return {
      ...failure,
      detail: `${failure.detail}; asked for ${model}, the server has ${there}: set OPENAI_MODEL`,
    };
  }

  async #read(request: ModelRequest, answer: HttpAnswer, controller: AbortController): Promise<ModelReply> {
    const known = this.#known(request.model ?? this.name);
    const show = known.live === 'yes' ? request.onText : undefined;
    const reply = new ChatReply((text) => show?.(text));
    const isEnough = watching(request.isEnough);
    let linger: NodeJS.Timeout | undefined;
    let stopped = false;
    try {
      const body = await readBody(answer.body, String(answer.headers['content-type'] ?? ''), (event) => {
        const enough = reply.take(event);
        if (!reply.complete && isEnough(reply.text)) {
          // Treated like a reply that reached its limit of tokens. The rest of the stream is not needed.
          reply.finish = 'length';
          stopped = true;
          return true;
        }
        if (reply.complete) linger ??= setTimeout(() => controller.abort(), lingerMs).unref();
        return enough;
      });
      if (stopped) answer.close();
      else answer.drain();
      const failure = this.#understood(body, reply, answer);
      return failure ?? this.#verdict(request, reply, known);
    } catch (error) {
      answer.close();
      // An error of the connection after the end of the reply does not invalidate the reply.
      if (reply.complete) return this.#verdict(request, reply, known);
      if (request.signal.aborted) return { ...aborted(request.signal), ...this.#partial(request, reply) };
      if (error instanceof TooMuch) return failed('model-rejected', `${this.#url}: ${error.message}`);
      if (error instanceof BrokenStream) return broken(`${this.#url}: ${error.message}`);
      if (!(error instanceof ReportedError)) return connectionFailure(error, this.#url);
      const source = 'in-stream' as const;
      return await this.#refused(request, { source, words: wordsOf(error.body), ...answer, url: this.#url });
    } finally {
      clearTimeout(linger);
    }
  }

  /** The problem of a complete body; undefined when it contains the reply. */
  #understood(body: Body, reply: ChatReply, { status, headers }: HttpAnswer): ModelFailure | undefined {
    switch (body.kind) {
      case 'stream':
        if (reply.complete) return undefined;
        if (body.stray !== undefined)
          return failureOf(
            { source: 'in-stream', status, headers, url: this.#url, words: wordsOf(body.stray) },
            Date.now(),
          );
        return broken(`${this.#url}: the stream ended before the reply did`);
      case 'page':
        return failed(
          'model-rejected',
          `${this.#url} is a web page, not Chat Completions: ${pageText(body.text)}`,
        );
      case 'text':
      case 'json': {
        if (body.text.trim() === '') return broken(`${this.#url}: an empty answer`);
        const inBody = { source: 'in-body', status, headers, url: this.#url } as const;
        if (body.kind === 'text') return failureOf({ ...inBody, words: wordsOf(body.text) }, Date.now());
        try {
          const values = jsonValues(body.text);
          for (const value of values) reply.add(value);
          if (values.length === 0) return broken(`${this.#url}: the answer is cut off, or no JSON`);
        } catch (error) {
          if (!(error instanceof ReportedError)) throw error;
          return failureOf({ ...inBody, words: wordsOf(error.body) }, Date.now());
        }
        return reply.isChat
          ? undefined
          : failed(
              'model-rejected',
              `${this.#url}: the answer is not that of Chat Completions: ${body.text.slice(0, 200)}`,
            );
      }
      default:
        return body satisfies never;
    }
  }

  #verdict(request: ModelRequest, reply: ChatReply, known: Known): ModelReply {
    const { text, reasoning, finish = 'stop', servedBy, fingerprint } = reply;
    if (finish === 'content_filter')
      return failed('model-rejected', `${this.#url}: stopped by the content filter`);
    const shownAlready = known.live === 'yes';
    if (closesUnopened(text)) known.live = 'no';
    else if (known.live === 'unknown' && text !== '') known.live = 'yes';
    if (!shownAlready && known.live === 'yes') request.onText?.(text);
    if (reasoning !== '' && text !== '') this.#reasoning.keep(request.session, text, reasoning);
    const usage = this.#usage(request, reply);
    return {
      kind: 'text',
      text,
      usage,
      finish,
      servedBy,
      fingerprint,
      ...(reasoning !== '' && { reasoned: true }),
    };
  }

  /** The part of the reply that arrived before the abort. It was paid for. */
  #partial(request: ModelRequest, reply: ChatReply): Pick<ModelFailure, 'partial'> {
    const { text, reasoning } = reply;
    if (text + reasoning === '') return {};
    return { partial: { text, usage: this.#usage(request, reply) } };
  }

  #usage(request: ModelRequest, reply: ChatReply): Usage {
    return { ...(countedBy(reply) ?? estimated(request, reply)), model: request.model ?? this.name };
  }
}

export const makeOpenAI = (settings: OpenAISettings): Model => new OpenAIModel(settings);
