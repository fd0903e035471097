import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fakeRouter } from './link/fake-router.ts';
import { answer, modelServer, refuse } from './models/model-server.ts';
import { agent, directory, grant, welcomed } from './started-agent.ts';

describe('the agent process', { timeout: 120_000 }, () => {
  it('the agent process opens its conversation once, also when the router restarts', async () => {
    const router = await fakeRouter();
    const { logged } = agent({ ROUTER_URL: router.url, AGENT_TOPIC: 'Bridges' }, ['alice', 'bob', 'alice']);
    const first = await welcomed(router);
    const [open] = await first.heard('open');
    expect(open).toEqual({
      type: 'open',
      ref: 'opening',
      members: ['alice', 'bob'],
      policy: 'addressed',
      limits: { maxRepetition: 0.9 },
      topic: 'Bridges',
      resume: true,
    });
    first.socket.terminate();
    const second = await welcomed(router, 1);
    await second.heard('open');
    second.send({ type: 'accepted', ref: 'opening', conversation: 'c1', seq: 1 });
    await logged('conversation opened');
    second.socket.terminate();
    const third = await welcomed(router, 2);
    grant(third);
    await third.heard('say');
    expect(third.frames.map(({ type }) => type)).not.toContain('open');
  });

  it('the agent process logs that it resumed a conversation after a restart', async () => {
    const router = await fakeRouter();
    const { logged, output } = agent({ ROUTER_URL: router.url }, ['alice', 'bob', 'alice']);
    const connection = await welcomed(router);
    await connection.heard('open');
    connection.send({ type: 'accepted', ref: 'opening', conversation: 'c1', seq: 1, resumed: true });
    expect(await logged('conversation resumed')).toMatchObject([{ conversation: 'c1' }]);
    expect(output.out).not.toContain('conversation opened');
  });

  it('the agent process rehearses without a key, and logs that once', async () => {
    const router = await fakeRouter();
    const { logged } = agent({ ROUTER_URL: router.url }, ['alice', 'bob']);
    const connection = await welcomed(router);
    for (const turn of [1, 3]) {
      grant(connection, turn);
      await connection.heard('say', turn === 1 ? 1 : 2);
      connection.send({ type: 'accepted', conversation: 'c1', turn, seq: turn + 2 });
    }
    expect(await logged('not from a language model')).toHaveLength(1);
    expect(await connection.heard('say', 2)).toMatchObject([
      { usage: { model: 'rehearsal', estimated: true } },
      { type: 'say' },
    ]);
  });

  it('the agent process speaks through a compatible server, and never logs the key or a message', async () => {
    const router = await fakeRouter();
    const server = await modelServer((response) => answer(response, 'A confidential answer.'));
    const env = {
      ROUTER_URL: router.url,
      OPENAI_BASE_URL: server.url,
      OPENAI_API_KEY: 'sk-planted',
      OPENAI_MODEL: 'tiny',
    };
    const { child, exit, output } = agent({ ...env, LOG_LEVEL: 'trace', AGENT_TOKEN: 'tok-planted' }, [
      'alice',
    ]);
    const connection = await welcomed(router);
    grant(connection);
    const [say] = await connection.heard('say');
    expect(say).toMatchObject({
      text: 'A confidential answer.',
      usage: { inputTokens: 11, outputTokens: 7 },
    });
    expect(server.asked[0]?.body).toMatchObject({ model: 'tiny', stream: true });
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(output.err).toBe('');
    for (const secret of ['sk-planted', 'tok-planted', 'confidential', 'private remark']) {
      expect(output.out).not.toContain(secret);
    }
  });

  it.each([
    [401, 'model-unauthorized', 'check OPENAI_API_KEY'],
    [404, 'model-not-found', 'check OPENAI_MODEL'],
  ] as const)(
    'the agent process logs a status %i of the model server once, and passes each turn with %s',
    async (status, reason, advice) => {
      const router = await fakeRouter();
      const server = await modelServer((response) => refuse(response, status, { message: 'no' }));
      const { logged, child, exit } = agent(
        { ROUTER_URL: router.url, OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'sk-wrong' },
        ['alice'],
      );
      const connection = await welcomed(router);
      for (const attempt of [1, 2, 3]) {
        grant(connection, 1, attempt);
        const passes = await connection.heard('pass', attempt);
        expect(passes.at(-1)).toMatchObject({ turn: 1, reason });
      }
      child.kill('SIGTERM');
      expect(await exit).toBe(0);
      expect(await logged(advice)).toHaveLength(1);
      expect(server.asked).toHaveLength(3);
    },
  );

  it('the agent process logs the first failed call with the address of the server before it is repeated', async () => {
    const router = await fakeRouter();
    // Nothing listens on the port of a server that is gone.
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise((resolve) => gone.close(resolve));
    const { logged } = agent({ ROUTER_URL: router.url, OPENAI_BASE_URL: `http://${host}/v1` }, ['alice']);
    const connection = await welcomed(router);
    grant(connection);
    const [first] = await logged('the model server is asked again');
    expect(first).toMatchObject({ server: host, problem: expect.stringContaining('ECONNREFUSED') });
    expect(connection.frames.map(({ type }) => type)).not.toContain('pass');
  });

  it('the agent process sends the prompt of its prompt module, and passes the turn with one log line when the module throws', async () => {
    const router = await fakeRouter();
    const server = await modelServer((response) => answer(response, 'Fine.'));
    writeFileSync(
      join(directory, 'prompt.ts'),
      `export const makePrompt = ({ previousMessage, conversation }: { previousMessage: string; conversation: { turn: number } }) => {
        if (conversation.turn > 1) throw new Error('out of ideas');
        return 'Reply to: ' + previousMessage;
      };`,
    );
    const { logged } = agent(
      { ROUTER_URL: router.url, OPENAI_BASE_URL: server.url, AGENT_PROMPT_MODULE: 'prompt.ts' },
      ['alice'],
    );
    const connection = await welcomed(router);
    grant(connection);
    await connection.heard('say');
    expect(server.asked[0]?.body.messages).toEqual([
      { role: 'user', content: 'Reply to: A very private remark.' },
    ]);
    for (const turn of [3, 5]) {
      grant(connection, turn);
      const passes = await connection.heard('pass', (turn - 1) / 2);
      expect(passes.at(-1)).toMatchObject({
        turn,
        reason: 'prompt-failed',
        detail: expect.stringContaining('out of ideas (prompt.ts:2'),
      });
    }
    expect(await logged('makePrompt()')).toHaveLength(1);
  });

  it('the agent process serves its health, its readiness and its metrics', async () => {
    const router = await fakeRouter();
    const { logged } = agent({ ROUTER_URL: router.url, AGENT_HEALTH_PORT: '0' }, ['alice', 'bob']);
    const [{ port } = {}] = await logged('serving /healthz');
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, text: await response.text() };
    };
    expect((await get('/healthz')).status).toBe(200);
    expect(await get('/readyz')).toEqual({ status: 503, text: 'not registered with the router\n' });
    expect((await get('/elsewhere')).status).toBe(404);
    const before = (await get('/metrics')).text;
    expect(before).toContain('parley_agent_connected{agent="alice"} 0');
    expect(before).toContain('parley_agent_turns_total{outcome="model-unauthorized",agent="alice"} 0');
    expect(before).toContain('parley_agent_model_retries_total{reason="rate-limited",agent="alice"} 0');
    const connection = await welcomed(router);
    grant(connection);
    await connection.heard('say');
    expect((await get('/readyz')).status).toBe(200);
    const after = (await get('/metrics')).text;
    expect(after).toContain('parley_agent_connected{agent="alice"} 1');
    expect(after).toContain('parley_agent_turns_total{outcome="said",agent="alice"} 1');
    expect(after).toMatch(
      /gen_ai_client_inference_duration_seconds_count\{[^}]*gen_ai_request_model="rehearsal"[^}]*\} 1/,
    );
    expect(after).toMatch(/gen_ai_client_inference_usage_output_tokens_total\{[^}]*\} [1-9]/);
    expect(after).toMatch(/parley_build_info\{service="agent",version="[^"]+",revision="[^"]+"\} 1/);
    for (const word of ['bob', 'c1', 'private']) expect(after).not.toMatch(new RegExp(`"${word}"`));
    const named = [...after.matchAll(/[{,]agent="([^"]*)"/g)].map(([, name]) => name);
    // An error that no agent has caught belongs to none.
    expect(new Set(named)).toEqual(new Set(['alice', '']));
  });

  it('the agent process exits with 0 on SIGTERM in the middle of a turn, and sends no pass', async () => {
    const router = await fakeRouter();
    const server = await modelServer(() => {});
    const { child, exit } = agent({ ROUTER_URL: router.url, OPENAI_BASE_URL: server.url }, ['alice']);
    const connection = await welcomed(router);
    grant(connection);
    await vi.waitFor(() => expect(server.asked).toHaveLength(1), { timeout: 60_000 });
    child.kill('SIGINT');
    expect(await exit).toBe(0);
    expect(await connection.closed).toBe(1000);
    expect(connection.frames.map(({ type }) => type)).toEqual(['register']);
  });

  it('the agent process exits with 0 on SIGTERM while it looks for a router', async () => {
    const { child, exit, logged } = agent({ ROUTER_URL: 'ws://127.0.0.1:9' }, ['alice']);
    await logged('no connection to a router at ROUTER_URL');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  it('the agent process exits with 1 when the router closes with a code that forbids a reconnect', async () => {
    const router = await fakeRouter();
    const { exit, logged } = agent({ ROUTER_URL: router.url }, ['alice']);
    (await router.connection()).socket.close(4003, 'name-refused');
    expect(await exit).toBe(1);
    await logged('closed the connection for good');
  });

  it.each<[string, Record<string, string>, string[], string]>([
    [
      'a misspelt setting',
      { AGENT_NMAE: 'alice' },
      [],
      'AGENT_NMAE: unknown setting; did you mean AGENT_NAME?',
    ],
    ['a bad name', {}, ['al/ice'], 'AGENT_NAME: a name has letters'],
    ['itself as target', {}, ['alice', 'alice'], 'AGENT_TARGET: alice is this agent itself'],
    [
      'a prompt module that is not there',
      { AGENT_PROMPT_MODULE: 'gone.ts' },
      ['alice'],
      'gone.ts cannot be loaded',
    ],
  ])('exits 1 for %s, with a line that says what to do and no stack', async (_, env, args, message) => {
    const { exit, output } = agent({ ...env, LOG_LEVEL: 'silent' }, args);
    expect(await exit).toBe(1);
    expect(output.err.trim()).toContain(message);
    expect(output.err).not.toMatch(/^\s+at /m);
    expect(output.out).toBe('');
  });

  it('the agent process exits with 1 when its health port is in use', async () => {
    const router = await fakeRouter();
    const { exit, output } = agent({ ROUTER_URL: router.url, AGENT_HEALTH_PORT: String(router.port) }, [
      'alice',
    ]);
    // The fake router listens on 127.0.0.1 only, which is enough to be in the way.
    expect(await exit).toBe(1);
    expect(output.err).toContain(
      `AGENT_HEALTH_PORT: cannot listen on port ${router.port}: another program listens there`,
    );
  });
});
