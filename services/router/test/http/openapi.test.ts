import { readFileSync } from 'node:fs';
import { type ControlAction, controlBodies, type Route, routes } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { matches } from '../../../../packages/protocol/test/schema-check.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { Prices } from '../../src/quota/prices.ts';
import { dialAgent, dialPlain, type ServedRouter, serveRouter } from '../socket/served-router.ts';
import { roleAuthenticator, tokens } from './operator.ts';

type Schema = { readonly [keyword: string]: unknown };
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: Schema }>> }>
  >;
}

const document = JSON.parse(
  readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8'),
) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

/** A schema of the document with each reference replaced by what it names. */
const resolved = (schema: unknown): unknown => {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(resolved);
  const { $ref } = schema as { $ref?: string };
  if ($ref !== undefined) return resolved(document.components.schemas[$ref.split('/').at(-1) as string]);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolved(value)]));
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);
const operationOf = (id: string) => {
  const found = operations.find(({ operation }) => operation.operationId === id);
  if (!found) throw new Error(`the document has no operation ${id}`);
  return found;
};

const seen = new Set<string>();

interface Call {
  readonly id?: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly token?: string;
}

/** Makes a request as the document says, and checks the status, the content type and the body of the response against it. */
const call = async ({ port }: Pick<ServedRouter, 'port'>, operationId: string, options: Call = {}) => {
  const { path, method, operation } = operationOf(operationId);
  const { id = 'none', query = '', body = {}, headers = {}, token = tokens.operator } = options;
  const abort = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}${path.replace('{id}', id)}${query}`, {
    method,
    headers: {
      ...(token !== '' && { authorization: `Bearer ${token}` }),
      ...(method === 'POST' && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: abort.signal,
    redirect: 'manual',
  });
  const described = operation.responses[response.status];
  expect(described, `${operationId} answered ${response.status}`).toBeDefined();
  seen.add(`${operationId} ${response.status}`);
  const type = response.headers.get('content-type')?.split(';')[0] as string;
  const schema = described?.content[type]?.schema;
  expect(schema, `${operationId} ${response.status} has the type ${type}`).toBeDefined();
  if (type === 'application/json') {
    const answer: unknown = await response.json();
    expect(matches(resolved(schema) as Schema, answer), JSON.stringify(answer)).toBe(true);
    return { status: response.status, body: answer as Record<string, unknown> };
  }
  abort.abort();
  return { status: response.status, body: {} as Record<string, unknown> };
};

const isActionName = (name: string): name is ControlAction => Object.hasOwn(controlBodies, name);
const named = Object.entries<Route>(routes);
const secured = named.filter(([, { access }]) => access !== 'public').map(([name]) => name);
const actions = named.map(([name]) => name).filter(isActionName);

/** A body with which the action is accepted while the conversation runs, in this order. */
const accepted: Readonly<Record<Exclude<ControlAction, 'open' | 'end'>, object>> = {
  say: { text: 'hello', target: 'ann' },
  whisper: { to: ['ann'], text: 'be brief' },
  recast: { role: { name: 'ann', persona: 'a pilot' } },
  invite: { who: 'cid' },
  seat: { who: 'ann' },
  unseat: { who: 'ann' },
  pause: {},
  resume: {},
  step: {},
  fork: { at: 1 },
};

const open = (served: ServedRouter, more: object = {}) =>
  call(served, 'open', { body: { members: ['ann', 'bob'], topic: 'the sea', ...more } });

const modelCall = {
  ...{ purpose: 'message', attempt: 1, at: 1, model: 'tiny', parameters: [{ name: 'seed', value: 1 }] },
  messages: [{ role: 'user', content: 'hello' }],
  omitted: { messages: 2, characters: 0 },
};

describe('docs/openapi.json', () => {
  it('docs/openapi.json has exactly the operations of the route table from which the router dispatches', () => {
    expect(operations.map(({ path, method, operation }) => [operation.operationId, method, path])).toEqual(
      expect.arrayContaining(named.map(([name, { method, path }]) => [name, method, path])),
    );
    expect(operations).toHaveLength(named.length);
  });

  it('docs/openapi.json describes each successful response of the router', async () => {
    const served = await serveRouter({ authenticator: roleAuthenticator() });
    const authorization = { headers: { authorization: `Bearer ${tokens.agent}` } };
    const ann = await dialAgent(served.port, 'ann', authorization, { prompts: true });
    await dialPlain(served.port, 'pat', authorization);
    const { body } = await open(served);
    const id = body.conversation as string;
    for (const [action, request] of Object.entries(accepted))
      expect((await call(served, action, { id, body: request })).status).toBeLessThan(300);
    expect((await call(served, 'conversation', { id })).body.entries).not.toHaveLength(0);
    expect((await call(served, 'branches', { id })).body.branches).toHaveLength(2);
    const made = await call(served, 'share', { id, body: { minutes: 5 } });
    expect((await call(served, 'unshare', { id, body: { share: made.body.share } })).status).toBe(200);
    expect((await call(served, 'shares', { id })).body.shares).toMatchObject([{ revokedBy: 'boss' }]);
    const { conversation: other } = (await open(served, { opening: 'hello' })).body;
    const prompt = call(served, 'prompt', { id: String(other), query: '?seq=2' });
    const { ref } = await ann.nextOf('prompt');
    ann.send({ type: 'prompt', ref, calls: [modelCall] });
    expect((await prompt).body.calls).toEqual([modelCall]);
    await call(served, 'end', { id });
    expect((await call(served, 'conversation', { id, query: '?as=ann' })).status).toBe(200);
    expect((await call(served, 'agents')).body.agents).toHaveLength(2);
    expect((await call(served, 'conversations')).body.conversations).toHaveLength(3);
    for (const name of ['healthz', 'readyz', 'metrics', 'me', 'overview', 'scenarios', 'events'])
      expect((await call(served, name)).status).toBe(200);
  });

  it.each(secured)(
    'docs/openapi.json describes the responses of %s without a token, with a token in the URL, and with the wrong role',
    async (name) => {
      const served = await serveRouter({ authenticator: roleAuthenticator() });
      expect((await call(served, name, { token: '' })).status).toBe(401);
      expect((await call(served, name, { query: '?token=x' })).status).toBe(400);
      expect((await call(served, name, { token: tokens.agent })).status).toBe(403);
    },
  );

  it.each(secured)(
    'docs/openapi.json describes the responses of %s when the keys cannot be read, and when the router has an error',
    async (name) => {
      const identify = () => ({ ok: false, code: 'unavailable', problem: 'no keys' }) as const;
      const busy = await serveRouter({ authenticator: { identify } });
      expect((await call(busy, name)).status).toBe(503);
      const broken = await serveRouter({
        authenticator: { identify: () => Promise.reject(new Error('a bug')) },
        onFault: () => {},
      });
      expect((await call(broken, name)).status).toBe(500);
    },
  );

  it.each(actions)('docs/openapi.json describes the refusals of a request to %s', async (action) => {
    const prices = new Prices({});
    const served = await serveRouter({ authenticator: roleAuthenticator(), prices });
    const idempotent = { headers: { 'idempotency-key': 'k' } };
    const { body } = await open(served, { cast: [{ name: 'ann', model: 'unpriced' }] });
    const id = body.conversation as string;
    const request =
      action === 'open' ? { members: ['ann', 'bob'] } : action === 'end' ? {} : accepted[action];
    expect((await call(served, action, { id, body: '{' })).status).toBe(400);
    expect((await call(served, action, { id, headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await call(served, action, { id, body: `"${'x'.repeat(300_000)}"` })).status).toBe(413);
    if (action === 'resume' || action === 'step') await call(served, 'pause', { id });
    if (action === 'unseat') await call(served, 'seat', { id, body: { who: 'ann' } });
    const first = await call(served, action, { id, body: request, ...idempotent });
    expect(first.status).toBeLessThan(300);
    const other = await call(served, action, { id, body: { ...request, extra: 1 }, ...idempotent });
    expect(other.status).toBe(422);
    if (action !== 'open') expect((await call(served, action, { body: request })).status).toBe(404);
    if (action !== 'end') await call(served, 'end', { id });
    const capped = { limits: { maxCost: 1 }, cast: [{ name: 'ann', model: 'unpriced' }] };
    const conflict = { id, body: { ...request, ...(action === 'open' || action === 'fork' ? capped : {}) } };
    expect((await call(served, action, conflict)).status).toBe(409);
  });

  it.each(['share', 'unshare'])(
    'docs/openapi.json describes the refusals of a request to %s',
    async (name) => {
      const served = await serveRouter({ authenticator: roleAuthenticator() });
      const body = name === 'share' ? {} : { share: 'x' };
      expect((await call(served, name, { body: '{' })).status).toBe(400);
      expect((await call(served, name, { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
      expect((await call(served, name, { body: `"${'x'.repeat(300_000)}"` })).status).toBe(413);
      expect((await call(served, name, { body })).status).toBe(404);
    },
  );

  it('docs/openapi.json describes the responses for an unknown conversation and for a router that is not ready', async () => {
    const served = await serveRouter({ authenticator: roleAuthenticator() });
    expect((await call(served, 'conversation')).status).toBe(404);
    expect((await call(served, 'prompt', { query: '?seq=1' })).status).toBe(404);
    expect((await call(served, 'shares')).status).toBe(404);
    expect((await call(served, 'branches')).status).toBe(404);
    await served.drain(0);
    expect((await call(served, 'readyz')).status).toBe(503);
  });

  it('docs/openapi.json describes the response for a conversation of another stream', async () => {
    const streams = [
      { name: 'OWN', weight: 0, url: 'https://own.example' },
      { name: 'OTHER', weight: 1, url: 'https://other.example' },
    ];
    const served = await serveRouter({
      authenticator: roleAuthenticator(),
      ledger: { ...openMemoryLedger(), holds: async () => true },
      streams: { own: 'OWN', streams },
    });
    const moved = named.filter(
      ([name, { path }]) => path.includes('{id}') || name === 'open' || name === 'events',
    );
    for (const [name] of moved) {
      const query = name === 'events' ? '?conversation=none' : '';
      const body = name === 'open' ? { members: ['ann', 'bob'] } : {};
      const { status, body: answer } = await call(served, name, { query, body });
      expect([name, status]).toEqual([name, 307]);
      expect(answer.location).toMatch(/^https:\/\/other\.example\/v1\//);
    }
  });

  it.each([
    ['GET', '/v2/agents', 404, 'not-found'],
    ['GET', '/v1/agents/ann', 404, 'not-found'],
    ['POST', '/v1/agents', 404, 'not-found'],
    ['DELETE', '/v1/agents', 405, 'method-not-allowed'],
  ])(
    'docs/openapi.json has no operation %s %s: the router answers %i with the code %s',
    async (method, path, status, code) => {
      const served = await serveRouter();
      const response = await fetch(`http://127.0.0.1:${served.port}${path}`, { method });
      const answer = (await response.json()) as { error: { code: string } };
      expect([response.status, answer.error.code]).toEqual([status, code]);
      expect(matches(resolved(document.components.schemas.Error) as Schema, answer)).toBe(true);
    },
  );

  it('docs/openapi.json describes no status that the other tests have not received', () => {
    const described = operations.flatMap(({ operation: { operationId, responses } }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
    expect([...seen].sort()).toEqual(described.sort());
  });
});
