import type { ModelCall } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import {
  dialAgent,
  dialPlain,
  type ServedRouter,
  serveRouter,
  type TestClient,
} from '../socket/served-router.ts';
import { Operator, roleAuthenticator, takeTurn, tokens } from './operator.ts';

const calls: readonly ModelCall[] = [
  {
    ...{ purpose: 'message', attempt: 1, at: 5, model: 'tiny', parameters: [{ name: 'seed', value: 3 }] },
    messages: [{ role: 'system', content: 'You are ann.' }],
  },
];

const read = async ({ port }: ServedRouter, id: string, seq: number | string, token = '') => {
  const response = await fetch(`http://127.0.0.1:${port}/v1/conversations/${id}/prompt?seq=${seq}`, {
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
  });
  const body = (await response.json()) as Record<string, unknown> & {
    error?: { code: string; message: string };
  };
  return { status: response.status, body };
};

/** The agent answers the next request for a prompt. */
const tell = async (agent: TestClient, found: readonly ModelCall[]) => {
  const frame = await agent.nextOf('prompt');
  agent.send({ type: 'prompt', ref: frame.ref, calls: found });
  return frame;
};

/** Ann, who keeps prompts, and pat, a plain client, have said one message each. */
const start = async () => {
  const served = await serveRouter();
  const ann = await dialAgent(served.port, 'ann', {}, { prompts: true });
  const pat = await dialPlain(served.port, 'pat');
  const operator = new Operator(served);
  const id = await operator.open({ members: ['ann', 'pat'], policy: 'round-robin' });
  await takeTurn(ann, 'Hello pat.');
  await pat.nextOf('message');
  pat.send({ target: 'ann', text: 'Hello ann.' });
  await ann.nextOf('turn');
  return { served, ann, operator, id };
};

describe('The prompt behind an entry', () => {
  it('the prompt behind an entry is requested from the agent that wrote it, and shown unchanged', async () => {
    const { served, ann, id } = await start();
    const asked = read(served, id, 2);
    expect(await tell(ann, calls)).toMatchObject({ conversation: id, turn: 1 });
    expect(await asked).toEqual({
      status: 200,
      body: { conversation: id, seq: 2, from: 'ann', turn: 1, calls },
    });
  });

  it('the prompt of an entry that a fork shares is requested with the id of the conversation of its turn', async () => {
    const { served, ann, operator, id } = await start();
    const { body } = await operator.act(id, 'fork', { at: 3 });
    const second = await operator.act(body.conversation, 'fork', { at: 3 });
    const asked = read(served, second.body.conversation, 2);
    expect(await tell(ann, calls)).toMatchObject({ conversation: id, turn: 1 });
    expect((await asked).body).toMatchObject({ conversation: second.body.conversation, calls });
  });

  it('a missing prompt is refused with the reason', async () => {
    const { served, ann, id } = await start();
    const told = async (seq: number | string, conversation = id) => {
      const { status, body } = await read(served, conversation, seq);
      return [status, body.error?.code, body.error?.message];
    };
    expect(await told(2, 'c0')).toEqual([404, 'unknown-conversation', 'there is no such conversation']);
    expect(await told(99)).toEqual([404, 'not-found', 'the conversation has no entry 99']);
    expect(await told(1)).toEqual([404, 'not-found', expect.stringContaining('(opened) answers no turn')]);
    expect(await told(3)).toEqual([404, 'not-found', expect.stringContaining('pat keeps no prompts')]);
    for (const seq of ['x', '0', '-1', '1.5'])
      expect(await told(seq)).toEqual([400, 'bad-frame', expect.stringContaining('seq')]);
    expect(await served.metric('parley_ledger_failures_total')).toBe(0);
    const asked = told(2);
    await tell(ann, []);
    expect(await asked).toEqual([404, 'not-found', expect.stringContaining('ann has no prompt of turn 1')]);
    ann.ws.close();
    await ann.closed;
    expect(await told(2)).toEqual([503, 'unavailable', expect.stringContaining('ann is not connected')]);
  });

  it('the prompt behind an entry is for operators: an observer and an agent are refused, and the agent is not asked', async () => {
    const served = await serveRouter({ authenticator: roleAuthenticator() });
    const authorization = { headers: { authorization: `Bearer ${tokens.agent}` } };
    const ann = await dialAgent(served.port, 'ann', authorization, { prompts: true });
    ann.send({ type: 'open', ref: 'r', members: ['bob'], opening: 'Hello bob.' });
    const { conversation } = await ann.nextOf('accepted');
    for (const token of [tokens.observer, tokens.agent])
      expect((await read(served, String(conversation), 2, token)).status).toBe(403);
    const asked = read(served, String(conversation), 2, tokens.operator);
    await tell(ann, calls);
    expect((await asked).status).toBe(200);
  });

  it('a prompt that was not requested is dropped, and is shown to no other request', async () => {
    const { served, ann, id } = await start();
    ann.send({ type: 'prompt', ref: 'none', calls });
    const asked = read(served, id, 2);
    await tell(ann, []);
    expect((await asked).status).toBe(404);
  });
});
