import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { parley } from '../harness/command-line.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';

afterEach(killAll);

/** A reverse proxy that has the router below /parley, and nothing else. Resolves with its port. */
const startProxy = async (router: RunningRouter): Promise<number> => {
  const inner = (path = '') => (path.startsWith('/parley/') ? path.slice('/parley'.length) : undefined);
  const target = { host: '127.0.0.1', port: Number(router.port) };
  const headers = { host: `127.0.0.1:${router.port}` };
  const proxy = createServer((asked, answer) => {
    const path = inner(asked.url);
    if (path === undefined) return void answer.writeHead(404).end('nothing here');
    const onward = request(
      { ...target, path, method: asked.method, headers: { ...asked.headers, ...headers } },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  proxy.on('upgrade', (asked, socket, head) => {
    const path = inner(asked.url);
    if (path === undefined) return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    const onward = connect(target.port, target.host, () => {
      const lines = Object.entries({ ...asked.headers, ...headers }).map(
        ([name, value]) => `${name}: ${value}`,
      );
      onward.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return (proxy.address() as AddressInfo).port;
};

describe('A router behind a proxy, below a path', () => {
  it('a router behind a proxy with a path is reached by agents and by the command line, which keep the path of its URL', async () => {
    const router = await RunningRouter.start();
    const port = await startProxy(router);
    const agent = startAgent(['bob'], {
      ROUTER_URL: `ws://127.0.0.1:${port}/parley/`,
      AGENT_MODEL_KIND: 'rehearsal',
    });
    await agent.logged('registered');
    for (const url of [`ws://127.0.0.1:${port}/parley`, `http://127.0.0.1:${port}/parley/`]) {
      const list = parley(['ls', '--url', url]);
      expect(await list.exit(), list.stderr).toEqual({ code: 0, signal: null });
    }
    const wrong = parley(['ls', '--url', `http://127.0.0.1:${port}/`]);
    expect((await wrong.exit()).code).toBe(1);
    expect(wrong.stderr).toMatch(/answered 404/);
  });

  it('the command line refuses a URL with a query, and does not show its password', async () => {
    const list = parley(['ls', '--url', 'http://me:hunter2@127.0.0.1:9/?token=x']);
    expect((await list.exit()).code).toBe(1);
    expect(list.stderr).toMatch(/query/);
    expect(list.stderr).not.toMatch(/hunter2|token=x/);
  });
});
