import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { newBearers } from '../harness/bearers.ts';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { within } from '../harness/poll.ts';
import { havePython, startPython } from '../harness/python.ts';
import { killAll, repository } from '../harness/started-process.ts';

afterEach(killAll);

const readme = readFileSync(join(repository, 'README.md'), 'utf8');
const snippet = /```python\n(.*?)```/s.exec(readme)?.[1] ?? '';

/** The three terminals of README.md. */
const threeTerminals = async (env: Record<string, string> = {}): Promise<RunningRouter> => {
  const router = await RunningRouter.start(env);
  const agent = { ROUTER_URL: router.url, AGENT_REHEARSAL_DELAY_MS: '200' };
  startAgent(['alice', 'bob', 'alice'], agent);
  startAgent(['bob', 'alice', 'alice'], agent);
  await router.when('of alice', (view) => view.by === 'alice' && view.turns > 1);
  return router;
};

const speakers = (entries: readonly Entry[]): Set<string> =>
  new Set(entries.flatMap((entry) => (entry.type === 'said' ? [entry.from] : [])));

/** Blocks its only thread for longer than pings may be left unanswered, like a call of a model. */
const blocking = `import asyncio, json, sys, time, websockets
async def main():
    async with websockets.connect(sys.argv[1], ping_interval=None) as ws:
        await ws.send(json.dumps({"type": "register", "name": "carol"}))
        heard = json.loads(await ws.recv())
        time.sleep(6)
        await ws.send(json.dumps({"target": heard["from"], "text": "I have thought."}))
        print(json.loads(await ws.recv())["text"])
asyncio.run(main())
`;

describe.skipIf(!havePython())('the Python client of README.md', { timeout: 60_000 }, () => {
  it('the Python client of README.md is answered only by alice, answers, votes and leaves', async () => {
    expect(snippet).toContain('"register"');
    const router = await threeTerminals();
    const client = startPython('readme', snippet, [], { ROUTER_URL: router.url });
    const { code } = await client.exit();
    expect({ code, stderr: client.stderr }).toEqual({ code: 0, stderr: '' });
    expect(client.stdout.match(/^alice: \S/gm)).toHaveLength(3);
    expect(client.stdout).toMatch(/^ended$/m);
    const { id, members } = await router.ended('carol');
    expect(members).not.toContain('bob');
    expect(speakers(await router.entries(id))).toEqual(new Set(['carol', 'alice']));
    expect((await router.when('of alice', (view) => view.by === 'alice')).members).toEqual(['alice', 'bob']);
  });

  it('the Python client of README.md ends with the reason when the router requires a token', async () => {
    const router = await RunningRouter.start(newBearers().env);
    const client = startPython('readme', snippet, [], { ROUTER_URL: router.url });
    expect((await client.exit()).code).toBe(1);
    expect(client.stderr).toMatch(/4001/);
    expect(client.stderr).not.toContain('KeyError');
  });

  it('the Python client of README.md continues when the router is killed and restarts', async () => {
    const ledger = join(temporaryFolder(), 'ledger.sqlite');
    const router = await RunningRouter.start({ ROUTER_LEDGER: ledger });
    const client = startPython('readme', snippet, [], { ROUTER_URL: router.url });
    await router.when('of carol', (view) => view.by === 'carol');
    await router.crashAndRestart();
    startAgent(['alice', 'bob'], { ROUTER_URL: router.url });
    expect((await client.exit()).code).toBe(0);
    expect(client.stdout).toContain('trying again');
    expect(client.stdout.match(/^alice: \S/gm)).toHaveLength(3);
  });
});

describe.skipIf(!havePython())(
  'a Python client that calls its model in its only thread',
  { timeout: 60_000 },
  () => {
    it('a Python client that calls its model in its only thread keeps its connection, and its answer is accepted', async () => {
      const router = await RunningRouter.start({ ROUTER_HEARTBEAT_SECONDS: '1' });
      const client = startPython('blocking', blocking, [router.url]);
      startAgent(['alice', 'carol', 'alice'], { ROUTER_URL: router.url });
      const { code } = await client.exit(40_000);
      expect({ code, stderr: client.stderr }).toEqual({ code: 0, stderr: '' });
      const { id } = await router.when('of alice', (view) => view.by === 'alice');
      const said = (await router.entries(id)).filter(({ type }) => type === 'said');
      expect(said[1]).toMatchObject({ from: 'carol', text: 'I have thought.', turn: 2 });
    });
  },
);

describe('a plain client in Node', () => {
  it('a plain client in Node is answered by alice of the three terminals, and bob is not added', async () => {
    const router = await threeTerminals();
    const socket = new WebSocket(router.url);
    const answered = new Promise<{ from: string; conversation: string }>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => {
        socket.send(JSON.stringify({ type: 'register', name: 'nora' }));
        socket.send(JSON.stringify({ target: 'alice', text: 'What do you make of it?' }));
      });
      socket.on('message', (data) => resolve(JSON.parse(String(data))));
    });
    const { from, conversation } = await within('the answer', 10_000, answered);
    socket.close();
    expect(from).toBe('alice');
    const { members } = await router.when('of nora', ({ id }) => id === conversation);
    expect(members).toEqual(['nora', 'alice']);
  });

  it('a plain client in Node is answered by alice, whose target has never registered', async () => {
    const router = await RunningRouter.start();
    startAgent(['alice', 'bob'], { ROUTER_URL: router.url });
    startAgent(['carol', 'alice', 'carol'], { ROUTER_URL: router.url, AGENT_MAX_TURNS: '4' });
    const { id } = await router.ended('carol');
    expect(speakers(await router.entries(id))).toEqual(new Set(['carol', 'alice']));
  });
});
