import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closings, type RouterFrame } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type LinkListener, type LinkOptions, RouterLink } from '../../src/link/router-link.ts';
import { fakeRouter } from './fake-router.ts';

/** A link that comes back without waiting, and what it told. */
const linkTo = (url: string | readonly string[], more: Partial<LinkOptions & LinkListener> = {}) => {
  const logged: { level: string; message: string; about: Record<string, unknown> }[] = [];
  const level = (name: string) => (about: Record<string, unknown>, message: string) =>
    logged.push({ level: name, message, about });
  const log = { info: level('info'), warn: level('warn'), debug: level('debug') } as unknown as Logger;
  const frames: RouterFrame[] = [];
  const dismissed: number[] = [];
  const link = new RouterLink({
    urls: [url].flat(),
    name: 'alice',
    token: undefined,
    capacity: 3,
    target: 'bob',
    prompts: false,
    model: 'tiny',
    log,
    dice: () => 0,
    now: () => performance.now(),
    onFault: (_place, error) => {
      throw error;
    },
    onDismissed: (code) => dismissed.push(code),
    ...more,
  });
  onTestFinished(() => link.close(100));
  link.open({
    registering: () => [],
    onWelcome: () => {},
    onFrame: (frame) => frames.push(frame),
    ...more,
  });
  const warnings = () => logged.filter((one) => one.level === 'warn').map(({ message }) => message);
  return { link, frames, dismissed, logged, warnings };
};
const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 30_000, interval: 5 });

describe('the link to the router', () => {
  it('the link continues when a frame causes an unexpected error', async () => {
    const router = await fakeRouter();
    const faults: string[] = [];
    const heard: string[] = [];
    const { link } = linkTo(router.url, {
      onFrame: ({ type }) => {
        heard.push(type);
        if (heard.length === 1) throw new Error('a bug');
      },
      onFault: (place) => faults.push(place),
    });
    const connection = await router.connection();
    connection.welcome();
    await until(() => link.registered);
    connection.send({ type: 'draining', graceMs: 5 });
    connection.send({ type: 'draining', graceMs: 5 });
    await until(() => heard.length === 2);
    expect(faults).toEqual(['frame']);
    expect(link.registered).toBe(true);
  });

  it('the link registers with its capacity and its running turns, and then sends and receives frames', async () => {
    const router = await fakeRouter();
    const working = [{ conversation: 'c1', turn: 4 }];
    const { link, frames } = linkTo(router.url, { registering: () => working });
    const connection = await router.connection();
    expect(await connection.heard('register')).toEqual([
      { type: 'register', name: 'alice', capacity: 3, target: 'bob', model: 'tiny', working },
    ]);
    expect(link.send({ type: 'ping' })).toBe(false);
    connection.welcome();
    await until(() => link.registered);
    expect(link.send({ type: 'ping' })).toBe(true);
    await connection.heard('ping');
    connection.send({ type: 'draining', graceMs: 5 });
    await until(() => frames.length === 1);
    expect(frames).toEqual([{ type: 'draining', graceMs: 5 }]);
  });

  it('the link sends its token in each handshake, and in no frame, URL or log', async () => {
    const router = await fakeRouter();
    const { link, logged } = linkTo(router.url, { token: 'a-planted-token' });
    const first = await router.connection();
    first.welcome();
    await until(() => link.registered);
    first.socket.terminate();
    const second = await router.connection(1);
    await second.heard('register');
    second.socket.close(closings.unauthenticated.code);
    await until(() => !link.registered && logged.length > 1);
    for (const { headers, url } of [first, second].map(({ request }) => request)) {
      expect(headers.authorization).toBe('Bearer a-planted-token');
      expect(url).toBe('/');
    }
    expect(JSON.stringify([first.frames, second.frames, logged])).not.toContain('a-planted-token');
  });

  it('the link sends no authorization without a token', async () => {
    const router = await fakeRouter();
    linkTo(router.url);
    expect((await router.connection()).request.headers.authorization).toBeUndefined();
  });

  it('the link does not negotiate compression', async () => {
    const router = await fakeRouter();
    linkTo(router.url);
    expect((await router.connection()).socket.extensions).toBe('');
  });

  it('the link reconnects when the connection is lost, and counts that', async () => {
    const router = await fakeRouter();
    const { link, warnings } = linkTo(router.url);
    const first = await router.connection();
    first.welcome();
    await until(() => link.registered);
    first.socket.terminate();
    (await router.connection(1)).welcome();
    await until(() => link.reconnects === 1 && link.registered);
    expect(warnings()).toEqual(['the connection to the router is lost; trying again until it is back']);
  });

  it.each(['draining', 'heartbeat-timeout', 'busy', 'slow-consumer'] as const)(
    'the link reconnects after %s',
    async (why) => {
      const router = await fakeRouter();
      const { link } = linkTo(router.url);
      const first = await router.connection();
      first.welcome();
      await until(() => link.registered);
      first.socket.close(closings[why].code);
      await router.connection(1);
    },
  );

  it.each(['unauthenticated', 'name-refused', 'taken-over'] as const)(
    'the link does not reconnect after %s',
    async (why) => {
      const router = await fakeRouter();
      const { link, dismissed } = linkTo(router.url);
      const first = await router.connection();
      first.welcome();
      await until(() => link.registered);
      first.socket.close(closings[why].code, why);
      await until(() => dismissed.length === 1);
      expect(dismissed).toEqual([closings[why].code]);
      expect(link.registered).toBe(false);
    },
  );

  it('the link ends a connection on which nothing is received any more', async () => {
    const router = await fakeRouter();
    const { warnings } = linkTo(router.url);
    (await router.connection()).welcome(40);
    await router.connection(1);
    expect(warnings()).toContain('the router does not answer');
  });

  it('the link keeps a connection on which only pings are received', async () => {
    const router = await fakeRouter();
    // The clock of the test: the link gives a silent connection up after 250 ms of it.
    let time = 0;
    let looks = 0;
    const now = () => {
      looks += 1;
      return time;
    };
    const { link, warnings } = linkTo(router.url, { now });
    const connection = await router.connection();
    connection.welcome(100);
    await until(() => link.registered);
    let pongs = 0;
    connection.socket.on('pong', () => {
      pongs += 1;
    });
    for (let ping = 1; ping <= 3; ping++) {
      time += 200;
      connection.socket.ping();
      await until(() => pongs === ping);
      const before = looks;
      await until(() => looks > before);
    }
    expect(link.registered).toBe(true);
    expect(warnings()).toEqual([]);
  });

  it('the link continues when a frame of the router cannot be read', async () => {
    const router = await fakeRouter();
    const { link, frames } = linkTo(router.url);
    const connection = await router.connection();
    connection.welcome();
    await until(() => link.registered);
    connection.socket.send('{"type":"from-the-future"}');
    connection.socket.send('not JSON');
    connection.send({ type: 'draining', graceMs: 5 });
    await until(() => frames.length === 1);
    expect(link.registered).toBe(true);
  });

  it('the link sends a close frame when it is closed, and does not reconnect', async () => {
    const router = await fakeRouter();
    const { link } = linkTo(router.url);
    const connection = await router.connection();
    connection.welcome();
    await until(() => link.registered);
    await link.close(1_000);
    expect(await connection.closed).toBe(1000);
    expect(link.send({ type: 'ping' })).toBe(false);
  });
});

describe('without a router', () => {
  it('without a router the link logs that once, retries without end, and connects when a router starts', async () => {
    const gone = await fakeRouter();
    await gone.close();
    const { link, logged, warnings } = linkTo(gone.url);
    await until(() => logged.length >= 4);
    expect(warnings()).toEqual(['no connection to a router at ROUTER_URL; trying again until there is one']);
    expect(JSON.stringify(logged)).toContain('nothing listens there (ECONNREFUSED)');
    const router = await fakeRouter(gone.port);
    (await router.connection()).welcome();
    await until(() => link.registered);
  });

  it('the link reports a server that is no router, or a proxy that does not pass Upgrade on, without the password of the URL', async () => {
    const server = createServer((_, response) => response.writeHead(200).end('a web server'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { logged, warnings } = linkTo(`ws://user:hunter2@127.0.0.1:${port}`);
    await until(() => logged.length >= 3);
    expect(warnings()).toEqual(['no connection to a router at ROUTER_URL; trying again until there is one']);
    expect(JSON.stringify(logged)).toContain('does not pass Upgrade on');
    expect(JSON.stringify(logged)).not.toContain('hunter2');
  });

  it('the link logs the text with which a router or a proxy refuses it', async () => {
    const words = JSON.stringify({ error: { code: 'forbidden', message: 'this Host is not allowed' } });
    const server = createServer((_, response) => response.writeHead(403).end(words));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { logged } = linkTo(`ws://127.0.0.1:${port}`);
    await until(() => logged.length >= 2);
    expect(JSON.stringify(logged)).toContain('it refuses (403): this Host is not allowed');
  });
});
