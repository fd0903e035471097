import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type AgentConnection, fakeRouter } from './link/fake-router.ts';
import { answer, modelServer } from './models/model-server.ts';
import { agent, directory, grant } from './started-agent.ts';

type Router = Awaited<ReturnType<typeof fakeRouter>>;

/** The connection of each agent, once all have registered. */
const connections = async (router: Router, count: number): Promise<ReadonlyMap<string, AgentConnection>> => {
  const found = new Map<string, AgentConnection>();
  for (let index = 0; index < count; index++) {
    const connection = await router.connection(index);
    const [register] = await connection.heard('register');
    found.set(register!.name, connection);
  }
  return found;
};

describe('several agents in one process', { timeout: 120_000 }, () => {
  it('each agent has a connection, a target, a capacity, a model and a persona of its own', async () => {
    const router = await fakeRouter();
    const [small, large] = [
      await modelServer((it) => answer(it, 'S.')),
      await modelServer((it) => answer(it, 'L.')),
    ];
    agent({
      ROUTER_URL: router.url,
      AGENT_NAMES: 'alice,bob',
      OPENAI_API_KEY: 'sk-common',
      OPENAI_BASE_URL: small.url,
      AGENT_ALICE_TARGET: 'bob',
      AGENT_ALICE_PERSONA: 'You mend clocks.',
      AGENT_BOB_OPENAI_BASE_URL: large.url,
      AGENT_BOB_OPENAI_API_KEY: 'sk-bob',
      AGENT_BOB_OPENAI_MODEL: 'large',
      AGENT_BOB_CAPACITY: '3',
    });
    const all = await connections(router, 2);
    const [alice, bob] = [all.get('alice')!, all.get('bob')!];
    expect(alice.frames[0]).toMatchObject({ target: 'bob', capacity: 8, model: 'gpt-4.1-nano' });
    expect(bob.frames[0]).toMatchObject({ capacity: 3, model: 'large' });
    expect(bob.frames[0]).not.toHaveProperty('target');
    for (const one of [alice, bob]) {
      one.welcome();
      grant(one);
    }
    expect(await alice.heard('say')).toMatchObject([{ text: 'S.' }]);
    expect(await bob.heard('say')).toMatchObject([{ text: 'L.' }]);
    expect(JSON.stringify(small.asked[0]?.body.messages)).toContain('You mend clocks.');
    expect(JSON.stringify(large.asked[0]?.body.messages)).not.toContain('You mend clocks.');
    expect([small, large].map(({ asked }) => asked[0]?.authorization)).toEqual([
      'Bearer sk-common',
      'Bearer sk-bob',
    ]);
  });

  it('an agent that the router dismisses is named in the log and in the readiness, and the others go on', async () => {
    const router = await fakeRouter();
    const { logged, exit, child } = agent({
      ROUTER_URL: router.url,
      AGENT_NAMES: 'alice,bob,cy',
      AGENT_HEALTH_PORT: '0',
    });
    const [{ port } = {}] = await logged('serving /healthz');
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    const all = await connections(router, 3);
    expect(await get('/readyz')).toBe('not registered with the router: alice, bob, cy\n');
    for (const connection of all.values()) connection.welcome();
    await vi.waitFor(async () => expect(await get('/readyz')).toBe('ready\n'), { timeout: 60_000 });

    all.get('bob')!.socket.close(4003, 'name-refused');
    expect(await logged('closed the connection for good')).toMatchObject([{ agent: 'bob', code: 4003 }]);
    expect(await get('/readyz')).toBe('not registered with the router: bob\n');
    expect(await get('/healthz')).toBe('ok\n');
    grant(all.get('alice')!);
    await all.get('alice')!.heard('say');
    const metrics = await get('/metrics');
    for (const [name, connected] of [
      ['alice', 1],
      ['bob', 0],
      ['cy', 1],
    ])
      expect(metrics).toContain(`parley_agent_connected{agent="${name}"} ${connected}`);
    expect(metrics).toContain('parley_agent_turns_total{outcome="said",agent="alice"} 1');

    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  it('the process exits with 1 when the router has dismissed every agent', async () => {
    const router = await fakeRouter();
    const { exit, logged } = agent({ ROUTER_URL: router.url, AGENT_NAMES: 'alice,bob' });
    const all = await connections(router, 2);
    for (const connection of all.values()) connection.socket.close(4003, 'name-refused');
    expect(await exit).toBe(1);
    expect(await logged('closed the connection for good')).toHaveLength(2);
  });

  it('one agent without a connection returns by itself, and the others keep theirs', async () => {
    const router = await fakeRouter();
    agent({ ROUTER_URL: router.url, AGENT_NAMES: 'alice,bob' });
    const all = await connections(router, 2);
    for (const connection of all.values()) connection.welcome();
    all.get('alice')!.socket.terminate();
    const again = await router.connection(2);
    expect(await again.heard('register')).toMatchObject([{ name: 'alice' }]);
    grant(all.get('bob')!);
    await all.get('bob')!.heard('say');
  });

  it('a prompt module of one agent that throws costs only the turns of this agent', async () => {
    const router = await fakeRouter();
    writeFileSync(
      join(directory, 'throws.ts'),
      `export const makePrompt = () => { throw new Error('no idea'); };`,
    );
    const { logged } = agent({
      ROUTER_URL: router.url,
      AGENT_NAMES: 'alice,bob',
      AGENT_ALICE_PROMPT_MODULE: 'throws.ts',
    });
    const all = await connections(router, 2);
    for (const connection of all.values()) {
      connection.welcome();
      grant(connection);
    }
    expect(await all.get('alice')!.heard('pass')).toMatchObject([{ reason: 'prompt-failed' }]);
    await all.get('bob')!.heard('say');
    expect(await logged('makePrompt()')).toMatchObject([{ agent: 'alice' }]);
  });

  it('SIGTERM closes the connection of every agent, in the middle of a turn too, and the exit code is 0', async () => {
    const router = await fakeRouter();
    const server = await modelServer(() => {});
    const { child, exit } = agent({
      ROUTER_URL: router.url,
      AGENT_NAMES: 'alice,bob,cy',
      OPENAI_BASE_URL: server.url,
    });
    const all = await connections(router, 3);
    for (const connection of all.values()) connection.welcome();
    grant(all.get('cy')!);
    await vi.waitFor(() => expect(server.asked).toHaveLength(1), { timeout: 60_000 });
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    for (const connection of all.values()) {
      expect(await connection.closed).toBe(1000);
      expect(connection.frames.map(({ type }) => type)).toEqual(['register']);
    }
  });

  it('a mistake in the settings of one agent is said with its name, and no agent starts', async () => {
    const { exit, output } = agent({
      AGENT_NAMES: 'alice,bob,cy',
      AGENT_BOB_FIRST_SPEAKER: 'true',
      AGENT_CY_PROMPT_MODULE: 'gone.ts',
      LOG_LEVEL: 'silent',
    });
    expect(await exit).toBe(1);
    expect(output.err.trim().split('\n')).toEqual([
      'parley-agent: bob: AGENT_FIRST_SPEAKER: this agent opens, but AGENT_TARGET does not say with whom',
      expect.stringMatching(/^parley-agent: cy: AGENT_PROMPT_MODULE: .*gone\.ts cannot be loaded/),
    ]);
    expect(output.out).toBe('');
  });
});
