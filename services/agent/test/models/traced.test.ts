import { activeSpan, genAi, inSpan, type Span, spanNames, type Tracing, traceHeaders } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { failed, type Model, type ModelReply } from '../../src/models/model.ts';
import { traced } from '../../src/models/traced.ts';
import { requestOf } from './requests.ts';

const usage = { inputTokens: 7, outputTokens: 3, model: 'm' };

/** A model that answers so, its traces, and the headers that a server would get. */
const callOf = async (reply: ModelReply, { capturesContent = false, parent = '' } = {}) => {
  const attributes: Record<string, unknown> = {};
  const parents: (string | undefined)[] = [];
  const ended: string[] = [];
  const span: Span = {
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    ids: { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' },
    set: (more) => void Object.assign(attributes, more),
    event: () => {},
    link: () => {},
    fail: (type, detail) => void Object.assign(attributes, { [spanNames.errorType]: type, detail }),
    end: () => void ended.push('ended'),
  };
  const tracing: Tracing = {
    counts: { exported: 0, dropped: 0, failed: 0 },
    capturesContent,
    stop: async () => {},
    start: (start) => {
      Object.assign(attributes, { name: start.name, kind: start.kind }, start.attributes);
      parents.push(start.parent);
      return span;
    },
  };
  let headers: object = {};
  const model: Model = {
    provider: 'openai',
    name: 'm',
    async reply() {
      headers = traceHeaders();
      return reply;
    },
  };
  const server = new URL('http://models.example:8080/v1');
  const called = traced(model, tracing, { agent: 'alice', temperature: 0.5, server });
  const above = parent === '' ? undefined : { ...span, traceparent: parent };
  await inSpan(above, () => called.reply(requestOf({ messages: [{ role: 'user', content: 'a question' }] })));
  return { attributes, parents, ended, headers, traceparent: span.traceparent };
};

describe('a call of the model, traced', () => {
  it('a traced call is one span with the names of the GenAI conventions, below the span of the turn', async () => {
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01';
    const reply: ModelReply = { kind: 'text', text: 'Well.', usage, finish: 'stop', servedBy: 'm-2026' };
    const { attributes, parents, ended } = await callOf(reply, { parent });
    expect(parents).toEqual([parent]);
    expect(ended).toHaveLength(1);
    expect(attributes).toMatchObject({
      name: 'chat m',
      kind: 'client',
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.agent.name': 'alice',
      'gen_ai.request.model': 'm',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.response.model': 'm-2026',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
      'server.address': 'models.example',
      'server.port': 8080,
    });
  });

  it('a traced call sends the context of its own span to the server', async () => {
    const { headers, traceparent } = await callOf({ kind: 'text', text: 'Well.', usage });
    expect(headers).toEqual({ traceparent });
    expect(activeSpan()).toBeUndefined();
    expect(traceHeaders()).toEqual({});
  });

  it('a traced call has the reason of its failure and the received part of the reply', async () => {
    const partial = { text: 'We', usage: { inputTokens: 7, outputTokens: 1, estimated: true } };
    const { attributes } = await callOf({ ...failed('timed-out', 'no reply'), partial });
    expect(attributes).toMatchObject({
      [spanNames.errorType]: 'timed-out',
      [genAi.outputTokens]: 1,
      [spanNames.isEstimated]: true,
    });
  });

  it('a traced call contains no text of a message unless the operator has opted in', async () => {
    const { attributes } = await callOf({ kind: 'text', text: 'an answer', usage });
    expect(JSON.stringify(attributes)).not.toMatch(/question|answer/);
  });

  it('a traced call contains the words of a failed server, which may repeat the request, only when the operator has opted in', async () => {
    const reply = failed('model-rejected', 'HTTP 400: input: "a question"');
    const { attributes } = await callOf(reply);
    expect(attributes[spanNames.errorType]).toBe('model-rejected');
    expect(JSON.stringify(attributes)).not.toContain('question');
    expect((await callOf(reply, { capturesContent: true })).attributes.detail).toContain('a question');
  });

  it('a traced call contains messages and no reasoning when the operator has opted in', async () => {
    const text = '<think>a secret</think>an answer';
    const { attributes } = await callOf({ kind: 'text', text, usage }, { capturesContent: true });
    expect(JSON.parse(String(attributes[genAi.inputMessages]))).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'a question' }] },
    ]);
    expect(String(attributes[genAi.outputMessages])).toContain('an answer');
    expect(String(attributes[genAi.outputMessages])).not.toContain('secret');
  });

  it('the model is not wrapped while traces are off', () => {
    const model: Model = { provider: 'p', name: 'm', reply: async () => failed('interrupted', '') };
    expect(traced(model, undefined, { agent: 'a', temperature: undefined, server: undefined })).toBe(model);
  });
});
