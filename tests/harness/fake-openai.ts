import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly [parameter: string]: unknown;
}

/** How the server answers one request. */
export type Behaviour =
  | {
      readonly kind: 'reply';
      readonly text?: string;
      readonly delayMs?: number;
      /** What the request is said to have cost, when not a token a word. */
      readonly promptTokens?: number;
    }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code?: string;
      readonly headers?: Record<string, string>;
    }
  /** Headers and one token, then nothing more. */
  | { readonly kind: 'stall' }
  /** The connection breaks in the middle of the stream. */
  | { readonly kind: 'cut' }
  /** 200 with a web page, as a wrong base URL gives. */
  | { readonly kind: 'html' };

export interface FakeOpenAiOptions {
  /** Before the first token of a reply. */
  readonly delayMs?: number;
  readonly tokens?: number;
  /** Between the tokens of a streamed reply. */
  readonly tokenDelayMs?: number;
  /** More calls than this in any window are answered 429. */
  readonly rate?: { readonly calls: number; readonly windowMs: number };
}

const words = 'the river bends slowly past an old mill where no miller grinds corn any more'.split(' ');

/** An OpenAI-compatible Chat Completions server that does as it is told. */
export class FakeOpenAi {
  readonly requests: {
    readonly body: ChatRequest;
    readonly authorization: string | undefined;
    readonly traceparent?: string | undefined;
  }[] = [];
  /** Answers to come, first to last; then those of `byModel`; then ordinary replies. */
  readonly next: Behaviour[] = [];
  readonly byModel = new Map<string, Behaviour>();
  /** Asked where neither has an answer. */
  script: (request: ChatRequest) => Behaviour | undefined = () => undefined;
  inFlight = 0;
  mostInFlight = 0;
  /** When calls came, in ms. */
  readonly connectionLimits: number[] = [];
  /** Calls that were answered 429 because of `rate`. */
  limited = 0;
  readonly #options: Required<Omit<FakeOpenAiOptions, 'rate'>> & Pick<FakeOpenAiOptions, 'rate'>;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #gone = new AbortController();

  private constructor(options: FakeOpenAiOptions) {
    this.#options = { delayMs: 0, tokens: 40, tokenDelayMs: 0, ...options };
  }

  static async start(options: FakeOpenAiOptions = {}): Promise<FakeOpenAi> {
    const fake = new FakeOpenAi(options);
    await new Promise<void>((listening) => fake.#server.listen(0, '127.0.0.1', listening));
    return fake;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#gone.abort();
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    response.once('close', () => this.inFlight--);
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
      this.#fail(response, 404, 'not_found', {});
      return;
    }
    let raw = '';
    for await (const part of request.setEncoding('utf8')) raw += part;
    const body = JSON.parse(raw) as ChatRequest;
    const { authorization, traceparent } = request.headers;
    this.requests.push({ body, authorization, traceparent: traceparent as string | undefined });
    if (this.#tooMany()) return this.#fail(response, 429, 'rate_limit_exceeded', { 'retry-after': '1' });
    const behaviour = this.next.shift() ??
      this.byModel.get(body.model) ??
      this.script(body) ?? { kind: 'reply' };
    await this.#behave(behaviour, body, response).catch(() => response.destroy());
  }

  #tooMany(): boolean {
    const { rate } = this.#options;
    const now = performance.now();
    this.connectionLimits.push(now);
    if (!rate || this.connectionLimits.filter((at) => at >= now - rate.windowMs).length <= rate.calls)
      return false;
    this.limited++;
    return true;
  }

  async #behave(behaviour: Behaviour, body: ChatRequest, response: ServerResponse): Promise<void> {
    switch (behaviour.kind) {
      case 'error':
        return this.#fail(response, behaviour.status, behaviour.code ?? 'error', behaviour.headers ?? {});
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome</title>');
        return;
      case 'stall':
        this.#begin(response);
        this.#chunk(response, body, { delta: { content: 'the ' } });
        return;
      case 'cut':
        this.#begin(response);
        this.#chunk(response, body, { delta: { content: 'the ' } });
        await delay(5);
        response.destroy();
        return;
      case 'reply': {
        await delay(behaviour.delayMs ?? this.#options.delayMs, undefined, { signal: this.#gone.signal });
        const text = behaviour.text ?? this.#text();
        const usage = this.#usage(body, text, behaviour.promptTokens);
        if (body.stream) await this.#stream(response, body, text, usage);
        else this.#whole(response, body, text, usage);
      }
    }
  }

  /** No two replies are the same, so that a doubled one is seen. */
  #text(): string {
    const place = this.requests.length;
    const rest = Array.from(
      { length: this.#options.tokens - 2 },
      (_, i) => words[(place + i) % words.length],
    );
    return ['reply', place, ...rest].join(' ');
  }

  #begin(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
  }

  #chunk(response: ServerResponse, { model }: ChatRequest, choice: object): void {
    const chunk = {
      id: 'chatcmpl-fake',
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: [{ index: 0, finish_reason: null, ...choice }],
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }

  #usage(body: ChatRequest, text: string, promptTokens?: number): object {
    const words = body.messages.map(({ content }) => content.split(/\s+/).length);
    const prompt_tokens = promptTokens ?? words.reduce((a, b) => a + b, 0);
    const completion_tokens = text.split(/\s+/).length;
    return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  }

  async #stream(response: ServerResponse, body: ChatRequest, text: string, usage: object): Promise<void> {
    this.#begin(response);
    this.#chunk(response, body, { delta: { role: 'assistant', content: '' } });
    for (const piece of text.match(/\S+\s*/g) ?? []) {
      if (this.#options.tokenDelayMs > 0) {
        await delay(this.#options.tokenDelayMs, undefined, { signal: this.#gone.signal });
      }
      this.#chunk(response, body, { delta: { content: piece } });
    }
    this.#chunk(response, body, { delta: {}, finish_reason: 'stop' });
    if ((body.stream_options as { include_usage?: boolean } | undefined)?.include_usage) {
      const last = {
        id: 'chatcmpl-fake',
        object: 'chat.completion.chunk',
        created: 1,
        model: body.model,
        choices: [],
        usage,
      };
      response.write(`data: ${JSON.stringify(last)}\n\n`);
    }
    response.end('data: [DONE]\n\n');
  }

  #whole(response: ServerResponse, body: ChatRequest, text: string, usage: object): void {
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        id: 'chatcmpl-fake',
        object: 'chat.completion',
        created: 1,
        model: body.model,
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
        usage,
      }),
    );
  }

  #fail(response: ServerResponse, status: number, code: string, headers: Record<string, string>): void {
    const error = { message: `fake ${status}`, type: 'error', param: null, code };
    response
      .writeHead(status, { ...headers, 'content-type': 'application/json' })
      .end(JSON.stringify({ error }));
  }
}
