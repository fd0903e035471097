import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RunningRouter, spawnRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll, repository, type StartedProcess } from '../harness/started-process.ts';

afterEach(killAll);

/** Each is a token or a key of this test, and must never be written anywhere. */
const planted = {
  alice: 'planted-1111-token-of-alice',
  bob: 'planted-2222-token-of-bob',
  observer: 'planted-3333-token-of-the-observer',
  wrong: 'planted-4444-token-that-is-wrong',
  inUrl: 'planted-5555-token-in-a-url',
  jwt: 'eyJhbGciOiJIUzI1NiJ9.cGxhbnRlZC02NjY2.planted-6666-signature',
  jwtKey: 'planted-7777-key-that-has-thirty-two-bytes',
  said: 'planted-8888-what-a-member-said',
};
const line = (name: string, role: string, token: string) =>
  `${name} ${role} sha256:${createHash('sha256').update(token).digest('hex')}`;

/** Resolves when the connection is over, however that came about. */
const visit = (url: string, protocols: string[], headers: Record<string, string>, frames: object[]) =>
  new Promise<void>((resolve) => {
    const ws = new WebSocket(url, protocols, { headers });
    ws.on('open', () => {
      for (const frame of frames) ws.send(JSON.stringify(frame));
      ws.close();
    });
    ws.on('error', () => {});
    ws.on('close', () => resolve());
  });

const leaks = (processes: readonly StartedProcess[]): string[] => {
  const written = processes.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  return Object.values(planted)
    .flatMap((secret) => [secret, Buffer.from(secret).toString('base64url'), encodeURIComponent(secret)])
    .filter((secret) => written.includes(secret));
};

describe('a run with tokens everywhere', () => {
  it('no log of a run with tokens has a token or a message', async () => {
    const file = join(temporaryFolder(), 'tokens');
    const lines = [
      line('alice', 'agent', planted.alice),
      line('bob', 'agent', planted.bob),
      line('*', 'observer', planted.observer),
    ];
    writeFileSync(file, lines.join('\n'));
    const router = await RunningRouter.start({
      ROUTER_TOKENS_FILE: file,
      ROUTER_JWT_KEY: planted.jwtKey,
      LOG_LEVEL: 'trace',
    });
    const common = { ROUTER_URL: router.url, AGENT_MAX_TURNS: '4', LOG_LEVEL: 'trace' };
    const agents = [
      startAgent(['bob', 'alice', 'alice'], { ...common, AGENT_TOKEN: planted.bob }),
      startAgent(['alice', 'bob', 'alice'], {
        ...common,
        AGENT_TOKEN: planted.alice,
        AGENT_TOPIC: planted.said,
      }),
      startAgent(['mallory', 'bob', 'bob'], { ...common, AGENT_TOKEN: planted.wrong }),
    ];
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const ended = async () => {
      const response = await fetch(`${router.http}/v1/conversations`, { headers: bearer(planted.observer) });
      const { conversations } = (await response.json()) as { conversations: { status: string }[] };
      return conversations.some(({ status }) => status === 'ended');
    };
    await until('a conversation that has ended', ended);

    const asProtocol = (token: string) => `parley.bearer.${Buffer.from(token).toString('base64url')}`;
    for (const token of [planted.wrong, planted.alice, planted.jwt]) {
      const register = { type: 'register', name: 'alice', token };
      const say = { target: 'bob', text: planted.said };
      await visit(router.url, [], bearer(token), [register, say]);
      await visit(router.url, [], {}, [register, say, { type: planted.said }]);
      await visit(router.url, ['parley.v1', asProtocol(token)], {}, [register, { type: 'open', token }]);
      await fetch(`${router.http}/v1/agents`, { headers: bearer(token) });
    }
    await visit(`${router.url}/?token=${planted.inUrl}`, [], {}, []);
    await fetch(`${router.http}/v1/agents?access_token=${planted.inUrl}`);
    await new Promise<void>((resolve) => {
      const socket = createConnection({ port: Number(router.port), host: '127.0.0.1' });
      socket.end(`GET /${planted.inUrl} HTTP/9.9\r\nauthorization: ${planted.wrong}\r\nbad header\r\n\r\n`);
      socket.on('close', () => resolve());
      socket.on('error', () => {});
      socket.resume();
    });
    // Both the file that cannot be used and the one that can are read again while the router runs.
    writeFileSync(file, `${planted.wrong} ${planted.alice}\n`);
    await until('the bad file was told', () => router.process.stdout.includes('token file cannot be used'));
    writeFileSync(file, lines.slice(0, 2).join('\n'));
    await until('the good file was told', () => router.process.stdout.includes('read again'));

    await router.process.kill('SIGTERM');
    for (const agent of agents) await agent.kill('SIGTERM');
    expect(leaks([router.process, ...agents])).toEqual([]);
  });

  it('an error at the start does not repeat the secret that caused it', async () => {
    const bad = [
      { ROUTER_TOKENS: `${planted.alice} ${planted.bob}` },
      { ROUTER_TOKENS: 'short' },
      { ROUTER_TOKENS: planted.alice, ROUTER_JWT_KEY: planted.jwtKey.slice(0, 20) },
      { ROUTER_HOST: '0.0.0.0', AGENT_TOKEN: planted.alice },
    ].map((env) => spawnRouter(env));
    for (const one of bad) {
      expect(await one.exited).toMatchObject({ code: 1 });
      expect(one.stderr).toMatch(/^parley-router: ROUTER_/);
    }
    expect(leaks(bad)).toEqual([]);
    expect(bad.map(({ stderr }) => stderr).join('')).not.toMatch(/planted|\bshort\b/);
  });
});

describe('parley-router token', () => {
  it('parley-router token prints a line for the file on stdout and the token itself on stderr only', () => {
    const main = join(repository, 'services/router/src/main.ts');
    const made = spawnSync(process.execPath, [main, 'token', 'alice', '--role', 'operator'], {
      encoding: 'utf8',
    });
    const token = /parley_[\w-]{43}/.exec(made.stderr)?.[0] ?? '';
    expect(made.stdout).toBe(`${line('alice', 'operator', token)}\n`);
    expect(made.status).toBe(0);
  });
});
