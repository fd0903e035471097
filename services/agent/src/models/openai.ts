import type { Usage } from '@parley/protocol';
import { OpenAI } from 'openai';
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import { readChatStream } from './chat-stream.ts';
import { aborted, estimateTokens, failed, type Model, type ModelReply, type ModelRequest } from './model.ts';
import { failureOf } from './openai-failures.ts';
import { type Lesson, OpenAIParameters } from './openai-parameters.ts';
import { seedOf } from './seed.ts';

export interface OpenAISettings {
  readonly apiKey: string | undefined;
  /** Undefined: OpenAI itself. */
  readonly baseURL: string | undefined;
  readonly model: string;
  readonly temperature: number | undefined;
  readonly seed: number | undefined;
  /** A stream that is silent for this long is given up. The SDK's own time-out ends with the headers. */
  readonly idleMs?: number;
  readonly onLesson: (lesson: Lesson) => void;
}

const openAI = 'https://api.openai.com/v1';
const hour = 3_600_000;

/** What has come of a reply; the same for a stream and for a server that answers in one piece. */
interface Received {
  text: string;
  finish: string | undefined;
  usage: Omit<Usage, 'model'> | undefined;
  servedBy: string | undefined;
  fingerprint: string | undefined;
}

type Body = Pick<ChatCompletionChunk, 'model' | 'usage' | 'system_fingerprint'>;

const usageOf = ({ usage }: Body): Received['usage'] =>
  usage ? { inputTokens: usage.prompt_tokens ?? 0, outputTokens: usage.completion_tokens ?? 0 } : undefined;

const estimated = (request: ModelRequest, text: string): Omit<Usage, 'model'> => ({
  inputTokens: request.messages.reduce((sum, { content }) => sum + estimateTokens(content), 0),
  outputTokens: estimateTokens(text),
  estimated: true,
});

const broken = (detail: string) => failed('model-unavailable', detail, { reason: 'broken-stream' });

/** Chat Completions of OpenAI or of any compatible server, streamed. */
export const makeOpenAI = (settings: OpenAISettings): Model => {
  const { apiKey, model } = settings;
  const client = new OpenAI({
    // A keyless local server still needs the SDK to be given something.
    apiKey: apiKey ?? 'none',
    baseURL: settings.baseURL ?? openAI,
    // One retry layer, and it is retry.ts; the deadline is the caller's signal.
    maxRetries: 0,
    timeout: hour,
    logLevel: 'off',
  });
  const byModel = new Map<string, OpenAIParameters>();
  const parametersOf = (asked: string): OpenAIParameters => {
    const parameters = byModel.get(asked) ?? new OpenAIParameters(settings.baseURL === undefined);
    byModel.set(asked, parameters);
    return parameters;
  };

  const verdict = (request: ModelRequest, received: Received): ModelReply => {
    const { text, finish, usage, servedBy, fingerprint } = received;
    if (finish === 'content_filter') return failed('model-rejected', 'stopped by the content filter');
    // A stream that breaks ends like one that is complete, but for its last chunks.
    if (finish === undefined && !usage)
      return broken('the stream ended, or fell silent, before the reply did');
    const counted = { ...(usage ?? estimated(request, text)), model: request.scene.model ?? model };
    return { kind: 'text', text, usage: counted, finish, servedBy, fingerprint };
  };

  const whole = (request: ModelRequest, body: ChatCompletion): ModelReply => {
    const choice = body?.choices?.[0];
    if (!choice) return failed('model-rejected', 'the answer is not that of Chat Completions');
    const text = choice.message?.content ?? choice.message?.refusal ?? '';
    request.onText?.(text);
    const finish = choice.finish_reason ?? 'stop';
    const { model: servedBy, system_fingerprint: fingerprint } = body;
    return verdict(request, { text, finish, usage: usageOf(body), servedBy, fingerprint });
  };

  const streamed = async (
    request: ModelRequest,
    body: ReadableStream<Uint8Array>,
    controller: AbortController,
  ): Promise<ModelReply> => {
    const received: Received = {
      text: '',
      finish: undefined,
      usage: undefined,
      servedBy: undefined,
      fingerprint: undefined,
    };
    let stalled = false;
    const idle = setTimeout(() => {
      stalled = true;
      controller.abort();
    }, settings.idleMs ?? 60_000);
    const take = (chunk: ChatCompletionChunk) => {
      idle.refresh();
      const choice = chunk.choices?.[0];
      const text = choice?.delta?.content ?? choice?.delta?.refusal ?? '';
      received.text += text;
      received.finish = choice?.finish_reason ?? received.finish;
      received.usage = usageOf(chunk) ?? received.usage;
      received.servedBy = chunk.model || received.servedBy;
      received.fingerprint = chunk.system_fingerprint || received.fingerprint;
      if (text) request.onText?.(text);
    };
    try {
      await readChatStream(body, controller.signal, take);
    } catch (error) {
      if (!stalled && !request.signal.aborted) throw error;
    } finally {
      clearTimeout(idle);
    }
    // Aborting makes the loop above end as if all were well.
    if (request.signal.aborted) return aborted(request.signal);
    return verdict(request, received);
  };

  const ask = async (request: ModelRequest, sent: object, controller: AbortController) => {
    const asked = request.scene.model ?? model;
    const messages = parametersOf(asked).messages(request.messages) as never;
    const body = { model: asked, messages, stream: true as const, ...sent };
    const response = await client.chat.completions.create(body, { signal: controller.signal }).asResponse();
    const type = response.headers.get('content-type') ?? '';
    if (type.includes('application/json')) return whole(request, (await response.json()) as ChatCompletion);
    if (response.body && !type.includes('html')) return streamed(request, response.body, controller);
    await response.body?.cancel();
    return failed('model-rejected', 'OPENAI_BASE_URL leads to a web page, not to Chat Completions');
  };

  const attempt = async (request: ModelRequest): Promise<ModelReply | 'again'> => {
    if (request.signal.aborted) return aborted(request.signal);
    const controller = new AbortController();
    const abort = () => controller.abort();
    request.signal.addEventListener('abort', abort, { once: true });
    const { temperature } = settings;
    const { maxOutputTokens, scene } = request;
    const parameters = parametersOf(scene.model ?? model);
    const sent = parameters.for({ maxOutputTokens, temperature, seed: seedOf(settings.seed, scene) });
    try {
      return await ask(request, sent, controller);
    } catch (error) {
      if (request.signal.aborted) return aborted(request.signal);
      const lesson = parameters.learn(error as object, sent);
      if (!lesson) return failureOf(error, apiKey);
      settings.onLesson(lesson);
      if (request.takeCall()) return 'again';
      return failed('model-unavailable', `the model server refuses ${lesson.parameter}; next time without`);
    } finally {
      request.signal.removeEventListener('abort', abort);
    }
  };

  return {
    provider: 'openai',
    name: model,
    async reply(request) {
      for (;;) {
        // Ends: every lesson takes one of a handful of parameters away for good.
        const reply = await attempt(request);
        if (reply !== 'again') return reply;
      }
    },
  };
};
