import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, spawnRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { killAll, type StartedProcess } from '../harness/started-process.ts';

afterEach(killAll);

/** Refuses to start, says why on stderr, one line a problem, and spares the user our stack. */
const expectRefusal = async (process: StartedProcess, ...problems: readonly RegExp[]): Promise<void> => {
  expect(await process.exit()).toEqual({ code: 1, signal: null });
  const lines = process.stderr.trim().split('\n');
  expect(lines).toHaveLength(problems.length);
  for (const problem of problems) expect(process.stderr).toMatch(problem);
  expect(process.stderr).not.toMatch(/^\s+at /m);
};

const fileWith = (name: string, content: string): string => {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
};

describe('an agent refuses to start', () => {
  it.each([
    ['a bad name', ['al ice', 'bob'], {}, /AGENT_NAME: a name has letters.*not a space/],
    ['its own name as target', ['alice', 'alice'], {}, /AGENT_TARGET: alice is this agent itself/],
    [
      'a misspelt variable',
      ['alice'],
      { AGENT_NMAE: 'alice' },
      /AGENT_NMAE: unknown setting; did you mean AGENT_NAME\?/,
    ],
    ['a bad number', ['alice'], { AGENT_MAX_TURNS: 'many' }, /AGENT_MAX_TURNS: expected an integer.*"many"/],
    [
      'a bad router URL',
      ['alice'],
      { ROUTER_URL: 'http://localhost' },
      /ROUTER_URL: expected a URL that begins with/,
    ],
    [
      'a key and a key file',
      ['alice'],
      { OPENAI_API_KEY: 'k', OPENAI_API_KEY_FILE: '/k' },
      /OPENAI_API_KEY: .*set one of the two/,
    ],
    ['too many arguments', ['alice', 'bob', 'alice', 'dave'], {}, /usage: agent/],
  ])('a router refuses to start with %s', async (_what, args, env, problem) => {
    await expectRefusal(startAgent(args, env), problem);
  });

  it('an agent that refuses to start lists all problems at once, without the secrets', async () => {
    const agent = startAgent(['al ice', 'bob'], {
      AGENT_TEMPERATURE: 'hot',
      OPENAI_API_KEY: 'sk-planted',
      OPENAI_API_KEY_FILE: '/nowhere',
    });
    await expectRefusal(agent, /AGENT_NAME/, /AGENT_TEMPERATURE/, /OPENAI_API_KEY/);
    expect(agent.stderr + agent.stdout).not.toContain('sk-planted');
  });

  it.each([
    ['is not there', '/nowhere/prompt.ts', /AGENT_PROMPT_MODULE: \/nowhere\/prompt\.ts/],
    [
      'does not compile',
      () => fileWith('prompt.ts', 'export const makePrompt = ('),
      /AGENT_PROMPT_MODULE: .*prompt\.ts/,
    ],
    [
      'throws when it is loaded',
      () => fileWith('prompt.ts', 'throw new Error("no luck")'),
      /AGENT_PROMPT_MODULE: .*prompt\.ts.*no luck/,
    ],
    [
      'exports something else',
      () => fileWith('prompt.ts', 'export const prompt = 1'),
      /AGENT_PROMPT_MODULE: .*prompt\.ts does not export a function makePrompt/,
    ],
  ])('an agent refuses to start with a prompt module that %s', async (_what, file, problem) => {
    const path = typeof file === 'string' ? file : file();
    await expectRefusal(startAgent(['alice'], { AGENT_PROMPT_MODULE: path }), problem);
  });
});

describe('an agent without a router', () => {
  it('an agent without a router retries, reports that without a stack, and connects when a router starts', async () => {
    const first = await RunningRouter.start();
    await first.process.kill();
    const agent = startAgent(['alice'], { ROUTER_URL: first.url });
    const line = await agent.logged(/no connection to a router at ROUTER_URL/);
    expect(line).toMatchObject({ level: 'warn' });
    expect(JSON.stringify(line)).toContain(first.port);
    expect(agent.stdout).not.toMatch(/\\n\s+at /);
    await RunningRouter.start({ ROUTER_PORT: first.port });
    await agent.logged('registered');
    expect(agent.stderr).toBe('');
    expect(await agent.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('an agent without a router stops on SIGTERM while it retries', async () => {
    const agent = startAgent(['alice'], { ROUTER_URL: 'ws://127.0.0.1:9' });
    await agent.logged(/no connection to a router at ROUTER_URL/);
    expect(await agent.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});

describe('a conversation ends `failed` after the allowed attempts', () => {
  const converse = async (env: Record<string, string>) => {
    const router = await RunningRouter.start({ ROUTER_MAX_ATTEMPTS: '3' });
    const alice = startAgent(['alice', 'bob', 'alice'], { ROUTER_URL: router.url, ...env });
    const { id, ending } = await router.ended('alice');
    return { alice, ending, entries: await router.entries(id) };
  };

  it.each([
    ['a wrong key', 401, 'invalid_api_key', 'model-unauthorized', /refuses access: check OPENAI_API_KEY/],
    [
      'an unknown model',
      404,
      'model_not_found',
      'model-not-found',
      /does not know the model: check OPENAI_MODEL/,
    ],
    ['an empty account', 429, 'insufficient_quota', 'model-quota', /quota/],
  ])(
    'a conversation ends `failed` after the maximum number of attempts with %s, which the agent logs once',
    async (_what, status, code, reason, said) => {
      const fake = await FakeOpenAi.start();
      onTestFinished(() => fake.stop());
      fake.byModel.set('gpt-4.1-nano', { kind: 'error', status, code });
      const { alice, ending, entries } = await converse({
        OPENAI_BASE_URL: fake.baseUrl,
        OPENAI_API_KEY: 'sk-wrong',
      });
      expect(ending).toMatchObject({ reason: 'failed' });
      expect(ending?.detail).toContain(reason);
      expect(entries.filter(({ type }) => type === 'lapsed' || type === 'passed')).toMatchObject([
        expect.objectContaining({ from: 'alice' }),
      ]);
      // Neither the agent nor the router retries what another attempt cannot fix.
      expect(fake.requests).toHaveLength(1);
      const told = alice.log.filter(({ level }) => level === 'error');
      expect(told).toMatchObject([{ msg: expect.stringMatching(said) }]);
      expect(alice.stdout + alice.stderr).not.toContain('sk-wrong');
      expect(await alice.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    },
  );

  it('a conversation ends `failed` with a prompt module that throws when it is called', async () => {
    const module = fileWith(
      'prompt.ts',
      'export const makePrompt = () => { throw new Error("out of ideas"); };',
    );
    const { alice, ending } = await converse({ AGENT_PROMPT_MODULE: module, AGENT_MODEL_KIND: 'rehearsal' });
    expect(ending).toMatchObject({ reason: 'failed' });
    expect(ending?.detail).toContain('prompt-failed');
    const told = alice.log.filter(({ level }) => level === 'error');
    expect(told).toHaveLength(1);
    expect(JSON.stringify(told)).toContain('out of ideas');
  });

  it('a conversation ends `failed` with a web page instead of the model server', async () => {
    const fake = await FakeOpenAi.start();
    onTestFinished(() => fake.stop());
    fake.byModel.set('gpt-4.1-nano', { kind: 'html' });
    const { ending } = await converse({ OPENAI_BASE_URL: fake.baseUrl });
    expect(ending).toMatchObject({ reason: 'failed' });
  });
});

describe('a router refuses to start', () => {
  it.each([
    ['a bad number', { ROUTER_MAX_TURNS: '-1' }, /ROUTER_MAX_TURNS: expected an integer.*"-1"/],
    ['a misspelt variable', { ROUTER_PROT: '1' }, /ROUTER_PROT: unknown setting; did you mean ROUTER_PORT\?/],
  ])('a router refuses to start with %s', async (_what, env, problem) => {
    await expectRefusal(spawnRouter(env), problem);
  });

  it('a router refuses to start when another process uses its port', async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const router = spawnRouter({ ROUTER_PORT: String(port) });
    await expectRefusal(router, new RegExp(`ROUTER_PORT: .*127\\.0\\.0\\.1:${port}.*another program`));
  });

  it('a router refuses to start when the directory of its ledger cannot be written', async () => {
    // Root may write everywhere; not even root can make a folder of a file.
    const file = fileWith('not-a-folder', '');
    await expectRefusal(
      spawnRouter({ ROUTER_LEDGER: join(file, 'ledger.sqlite') }),
      /ROUTER_LEDGER: .*not-a-folder/,
    );
  });

  it('a router refuses to start when its ledger is a folder or a file that is no ledger', async () => {
    const folder = join(temporaryFolder(), 'ledger.sqlite');
    mkdirSync(folder);
    await expectRefusal(spawnRouter({ ROUTER_LEDGER: folder }), /ROUTER_LEDGER: /);
    const text = fileWith('ledger.sqlite', 'Dear diary, today nothing happened. '.repeat(100));
    await expectRefusal(spawnRouter({ ROUTER_LEDGER: text }), /ROUTER_LEDGER: /);
  });

  it('a router refuses to start when another router has its ledger open, and the other one continues', async () => {
    const ledger = join(temporaryFolder(), 'ledger.sqlite');
    const first = await RunningRouter.start({ ROUTER_LEDGER: ledger });
    await expectRefusal(spawnRouter({ ROUTER_LEDGER: ledger }), /ROUTER_LEDGER: .*ledger\.sqlite/);
    expect(await first.conversations()).toEqual([]);
    expect(await first.process.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
