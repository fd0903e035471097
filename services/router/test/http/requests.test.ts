import type { EntryOf } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { until } from '../../../../tests/harness/poll.ts';
import { agentReader, visible } from '../../src/core/visibility.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { Prices } from '../../src/quota/prices.ts';
import { dial, dialAgent, serveRouter } from '../socket/served-router.ts';
import { Operator, roleAuthenticator, takeTurn, tokens } from './operator.ts';

const pair = { members: ['ann', 'bob'] };
const key = (text: string) => ({ 'idempotency-key': text });

describe('a request to the control API', () => {
  it.each([
    ['without a token', undefined, 401, 'unauthenticated'],
    ['of an agent', tokens.agent, 403, 'forbidden'],
    ['of an observer', tokens.observer, 403, 'forbidden'],
    ['of an operator', tokens.operator, 201, undefined],
  ])('a request to the control API %s is answered %s', async (_who, token, status, code) => {
    const operator = new Operator(await serveRouter({ authenticator: roleAuthenticator() }));
    const answer = await operator.post('', pair, token ? { authorization: `Bearer ${token}` } : {});
    expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
  });

  it('an action is recorded in the ledger under the name that the token binds', async () => {
    const served = await serveRouter({ authenticator: roleAuthenticator() });
    const operator = new Operator(served);
    const authorization = `Bearer ${tokens.operator}`;
    const { body } = await operator.post('', pair, { authorization });
    await operator.post(`/${body.conversation}/pause`, {}, { authorization });
    const entries = served.router.conversations.entriesSince(body.conversation, 0);
    expect(entries.at(-1)).toMatchObject({ type: 'paused', by: 'boss' });
  });

  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json-patch+json', 415],
    ['application/json; charset=utf-8', 201],
    ['Application/JSON', 201],
  ])('a request of content type %s is answered %i', async (type, status) => {
    const operator = new Operator(await serveRouter());
    expect((await operator.post('', pair, { 'content-type': type })).status).toBe(status);
  });

  it.each([
    ['{"members":', 400],
    ['[]', 400],
    ['null', 400],
    ['"x"', 400],
    ['{}', 400],
    ['{"members":[]}', 400],
    ['{"members":["ann","ann"]}', 400],
    ['{"members":["not a name"]}', 400],
    ['{"members":["ann","bob"],"policy":"anarchy"}', 400],
    ['{"members":["ann","bob"],"limits":{"maxTurns":-1}}', 400],
    ['{"members":["ann","bob"],"first":"eve"}', 409],
    [`{"members":["ann","bob"],"topic":"${'x'.repeat(300_000)}"}`, 413],
  ])('a request with the body %.60s is answered %i', async (body, status) => {
    const operator = new Operator(await serveRouter());
    const answer = await operator.post('', body);
    expect(answer.status).toBe(status);
    expect(answer.body.error?.message).toBeTypeOf('string');
  });

  it('a request for an unknown action or conversation is answered 404', async () => {
    const operator = new Operator(await serveRouter());
    const id = await operator.open(pair);
    for (const path of [`/${id}/explode`, `/${id}`, `/${id}/open`, '/unknown/pause', `/${id}/pause/now`])
      expect((await operator.post(path, {})).status).toBe(404);
    expect((await operator.act(id, 'fork', { at: 99 })).status).toBe(404);
  });

  it('an action that an ended conversation cannot take is answered 409', async () => {
    const operator = new Operator(await serveRouter());
    const id = await operator.open(pair);
    expect((await operator.act(id, 'end', { detail: 'enough' })).status).toBe(200);
    expect(await operator.last(id)).toMatchObject({ reason: 'operator', detail: 'enough', by: 'operator' });
    for (const [action, body] of Object.entries({
      pause: {},
      step: {},
      say: { text: 'x' },
      seat: { who: 'ann' },
    }))
      expect((await operator.act(id, action, body)).body.error?.code).toBe('conversation-ended');
  });
});

describe('an idempotency key', () => {
  it('a repeated request with an idempotency key has no second effect and gets the same answer', async () => {
    const operator = new Operator(await serveRouter());
    const first = await operator.post('', pair, key('k1'));
    expect(await operator.post('', pair, key('k1'))).toEqual(first);
    const { conversation: id } = first.body;
    const line = { text: 'once', target: 'ann' };
    const [one, two] = await Promise.all([
      operator.post(`/${id}/say`, line, key('k1')),
      operator.post(`/${id}/say`, line, key('k1')),
    ]);
    expect(one).toEqual(two);
    expect(await operator.said(id)).toHaveLength(1);
    await operator.post(`/${id}/say`, line, key('k2'));
    expect(await operator.said(id)).toHaveLength(2);
  });

  it('an idempotency key that was used for another request is refused', async () => {
    const operator = new Operator(await serveRouter());
    await operator.post('', pair, key('k'));
    expect((await operator.post('', { members: ['ann', 'cid'] }, key('k'))).status).toBe(422);
  });

  it('the idempotency key of an opening or a fork is still known after a restart', async () => {
    const ledger = openMemoryLedger();
    const before = new Operator(await serveRouter({ ledger }));
    const opened = await before.post('', { ...pair, opening: 'one' }, key('k'));
    const { conversation: id } = opened.body;
    const forked = await before.post(`/${id}/fork`, { at: 2 }, key('k'));
    const other = await before.open({ ...pair, opening: 'two' });
    const after = new Operator(await serveRouter({ ledger }));
    expect(await after.post('', { ...pair, opening: 'one' }, key('k'))).toEqual(opened);
    expect(await after.post(`/${id}/fork`, { at: 2 }, key('k'))).toEqual(forked);
    const another = await after.post(`/${other}/fork`, { at: 2 }, key('k'));
    expect(another.status).toBe(201);
    expect(another.body.conversation).not.toBe(forked.body.conversation);
  });

  it('a key that was used for another request is refused after a restart, too, and members cannot see the digest', async () => {
    const ledger = openMemoryLedger();
    const before = new Operator(await serveRouter({ ledger }));
    const { conversation: id } = (await before.post('', { ...pair, opening: 'one' }, key('k'))).body;
    await before.post(`/${id}/fork`, { at: 2 }, key('k'));
    const served = await serveRouter({ ledger });
    const after = new Operator(served);
    expect((await after.post('', { members: ['ann', 'cid'] }, key('k'))).status).toBe(422);
    expect((await after.post('', { ...pair, opening: 'two' }, key('k'))).status).toBe(422);
    expect((await after.post(`/${id}/fork`, { at: 1 }, key('k'))).status).toBe(422);
    const { conversations } = served.router;
    const state = conversations.find(id);
    const [opened] = conversations.page(id, 0, { entries: 1, bytes: 1 });
    expect(opened).toHaveProperty('request');
    expect(visible(state!, agentReader('ann'), opened!)).not.toHaveProperty('request');
  });

  it('an idempotency key of an old ledger without digests is still known after a restart', async () => {
    const ledger = openMemoryLedger();
    const before = new Operator(await serveRouter({ ledger }));
    const { append } = ledger;
    ledger.append = (batches) =>
      append.call(
        ledger,
        batches.map((batch) => ({
          ...batch,
          entries: batch.entries.map((entry) => {
            const { request: _, ...old } = entry as EntryOf<'opened'>;
            return old;
          }),
        })),
      );
    const opened = await before.post('', pair, key('k'));
    const after = new Operator(await serveRouter({ ledger }));
    expect(await after.post('', pair, key('k'))).toEqual(opened);
  });

  it('an idempotency key that is too long is refused and not truncated', async () => {
    const operator = new Operator(await serveRouter());
    expect((await operator.post('', pair, key('k'.repeat(201)))).status).toBe(400);
  });

  it('the idempotency key of a refused request may be used for another request', async () => {
    const operator = new Operator(await serveRouter());
    expect((await operator.post('/nowhere/fork', { at: 2 }, key('k'))).status).toBe(404);
    const wrong = await operator.post('', { members: [] }, key('k'));
    expect(wrong.status).toBe(400);
    expect((await operator.post('', pair, key('k'))).status).toBe(201);
  });

  it('the idempotency key of a request that failed may be used for another attempt', async () => {
    const ledger = openMemoryLedger();
    const { append } = ledger;
    let broken = true;
    ledger.append = (batches) =>
      broken ? Promise.reject(new Error('disk full')) : append.call(ledger, batches);
    const operator = new Operator(await serveRouter({ ledger, onLedgerFailure() {} }));
    expect((await operator.post('', pair, key('k'))).status).toBe(503);
    broken = false;
    expect((await operator.post('', pair, key('k'))).status).toBe(201);
  });
});

describe('a money cap', () => {
  const prices = new Prices({ priced: { input: 1_000_000, output: 1_000_000 } });
  const capped = { ...pair, limits: { maxCost: 5 } };
  const register = async (port: number, name: string, model?: string) => {
    const agent = dial(port, { protocols: ['parley.v1'] });
    await agent.opened;
    agent.send({ type: 'register', name, ...(model && { model }) });
    await agent.nextOf('welcome');
    return agent;
  };

  it('a money cap is refused over HTTP and WebSocket when a member has a model without a price', async () => {
    const served = await serveRouter({ prices });
    const operator = new Operator(served);
    const ann = await register(served.port, 'ann', 'unheard-of');
    const refused = await operator.post('', capped);
    expect([refused.status, refused.body.error?.code]).toEqual([409, 'no-price']);
    expect(refused.body.error?.message).toContain('unheard-of');
    ann.send({ type: 'open', ref: 'r', ...capped });
    expect(await ann.next()).toMatchObject({ type: 'refused', code: 'no-price', ref: 'r', retry: false });
    const cast = { cast: [{ name: 'ann', model: 'priced' }] };
    expect((await operator.post('', { ...capped, ...cast })).status).toBe(201);
    const id = await operator.open(pair);
    expect((await operator.act(id, 'fork', { at: 1, limits: { maxCost: 5 } })).body.error?.code).toBe(
      'no-price',
    );
  });

  it('a money cap ends a conversation whose turn would be granted to a model without a price', async () => {
    const served = await serveRouter({ prices });
    const operator = new Operator(served);
    const id = await operator.open(capped);
    const ann = await dialAgent(served.port, 'ann');
    await until('the ending', async () => (await operator.last(id))?.type === 'ended');
    expect(await operator.last(id)).toMatchObject({
      reason: 'failed',
      detail: expect.stringContaining('no price'),
    });
    expect(ann.ws.readyState).toBe(ann.ws.OPEN);
  });

  it('a money cap counts the cost of each message, by the model of the reply or else of the grant, and ends the conversation', async () => {
    const served = await serveRouter({ prices });
    const operator = new Operator(served);
    const ann = await register(served.port, 'ann', 'priced');
    const bob = await register(served.port, 'bob', 'priced');
    const id = await operator.open(capped);
    const usage = { inputTokens: 1, outputTokens: 1 };
    const first = await takeTurn(ann, 'one', { usage: { ...usage, model: 'priced-2025-04-14' } });
    expect(first.remaining).toMatchObject({ cost: 5 });
    const second = await takeTurn(bob, 'two', { usage: { ...usage, model: 'not-in-any-table' } });
    expect(second.remaining).toMatchObject({ cost: 3 });
    await takeTurn(ann, 'three', { usage });
    expect((await operator.said(id)).map(({ cost }) => cost)).toEqual([2, 2, 2]);
    expect(await operator.last(id)).toMatchObject({ type: 'ended', reason: 'cost-budget', detail: '$5' });
    expect((await operator.see(id)).conversation.usage).toMatchObject({ cost: 6 });
  });
});
