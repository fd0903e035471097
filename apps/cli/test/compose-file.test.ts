import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings } from '@parley/agent/read-settings';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { composeFile } from '../src/deployment/compose-file.ts';
import { sharedProcesses } from '../src/scenario/agents.ts';
import { readScenario } from '../src/scenario/read-scenario.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const written = composeFile(
  readScenario(`${repository}scenarios/customer.yaml`, [
    { path: ['cast', 'bot', 'replicas'], value: '2' },
    { path: ['topic'], value: 'what $5 can buy' },
  ]),
);
// biome-ignore lint/suspicious/noExplicitAny: a file in the format of Compose
const services = (text: string): any => parse(text, { merge: true }).services;

/** Two replicas, a model server of its own with a key in a variable, and one with a key in a file. */
const manySettings = [
  { path: ['cast', 'bot', 'replicas'], value: '2' },
  { path: ['cast', 'bot', 'server'], value: 'http://models.example/v1' },
  { path: ['cast', 'bot', 'key'], value: 'BOT_KEY' },
  { path: ['cast', 'customer', 'server'], value: 'http://other.example/v1' },
  { path: ['cast', 'customer', 'keyFile'], value: 'customer.key' },
];

describe('a compose file for a scenario', () => {
  it('the Compose file of a scenario has its cast instead of the agents, with the same hardening', () => {
    const own = services(written);
    const { alice, router } = services(readFileSync(`${repository}docker-compose.yml`, 'utf8'));
    expect(Object.keys(own)).toEqual(
      expect.arrayContaining(['router', 'agent-customer', 'agent-bot', 'open-scenario']),
    );
    expect(own).not.toHaveProperty('alice');
    expect(own.router).toEqual(router);
    const { environment, ...hardening } = own['agent-bot'];
    const { environment: _, build, develop: __, ...expected } = alice;
    expect(own['agent-customer'].build).toEqual(build);
    expect(own['open-scenario'].image).toBe(router.image);
    expect(own.watch).toBeDefined();
    expect(hardening).toEqual({ ...expected, scale: 2 });
    expect(environment).toMatchObject({
      AGENT_NAME: 'bot',
      AGENT_TARGET: 'customer',
      AGENT_TEMPERATURE: '0.2',
    });
    expect(own['open-scenario'].environment.OPENING).toContain('"topic":"what $$5 can buy"');
  });

  it('the Compose file of a scenario has all members in one service with --one-process, each with its own settings and key', () => {
    const file = readScenario(`${repository}scenarios/customer.yaml`, manySettings);
    const own = services(composeFile(file, { oneProcess: true }));
    expect(Object.keys(own).filter((name) => name.startsWith('agent'))).toEqual(['agents', 'agents-2']);
    const { environment, volumes, build } = own.agents;
    expect(build).toBeDefined();
    expect(volumes).toEqual(['./customer.key:/run/parley/key-1:ro']);
    expect(own['agents-2'].build).toBeUndefined();
    expect(own['agents-2'].environment.AGENT_NAMES).toBe('bot');
    // As Compose starts it, with the common key of .env.
    const env = { ...environment, PARLEY_FIXED: '', ROUTER_URL: 'ws://router:8765', LOG_FORMAT: 'json' };
    const given = {
      AGENT_REHEARSAL_DELAY_MS: '0',
      AGENT_BOT_OPENAI_API_KEY: 'sk-bot',
      OPENAI_API_KEY: 'sk-common',
    };
    const keyFile = join(mkdtempSync(join(tmpdir(), 'parley-key-')), 'key');
    writeFileSync(keyFile, 'sk-customer');
    onTestFinished(() => rmSync(dirname(keyFile), { recursive: true }));
    expect(environment.AGENT_BOT_OPENAI_API_KEY).toBe(`\${BOT_KEY:-}`);
    expect(environment.AGENT_CUSTOMER_OPENAI_API_KEY_FILE).toBe('/run/parley/key-1');
    const agents = readSettings([], { ...env, ...given, AGENT_CUSTOMER_OPENAI_API_KEY_FILE: keyFile });
    expect(agents.map(({ name, target, baseUrl, apiKey }) => ({ name, target, baseUrl, apiKey }))).toEqual([
      { name: 'customer', target: 'bot', baseUrl: 'http://other.example/v1', apiKey: 'sk-customer' },
      { name: 'bot', target: 'customer', baseUrl: 'http://models.example/v1', apiKey: 'sk-bot' },
    ]);
  });

  it('members whose variables would have the same names are in different processes', () => {
    const agents = ['ann-lee', 'Ann.Lee', 'ben'].map((name) => ({ name, env: { AGENT_TARGET: 'ben' } }));
    expect(sharedProcesses(agents).map(({ names }) => names)).toEqual([['ann-lee', 'ben'], ['Ann.Lee']]);
  });

  it('the Compose file of a scenario opens the conversation without waiting for a health check', () => {
    expect(services(written)['open-scenario'].depends_on).toEqual({
      router: { condition: 'service_started' },
    });
  });

  it('the Compose file of a scenario is accepted by Docker Compose', (context) => {
    const docker = spawnSync('docker', ['compose', 'version']);
    if (docker.status !== 0) {
      if (process.env.CI === 'true') throw new Error('docker compose is needed in CI');
      return context.skip('docker compose is not installed');
    }
    const config = spawnSync('docker', ['compose', '-f', '-', '--project-directory', repository, 'config'], {
      input: written,
      encoding: 'utf8',
    });
    expect(config.stderr).toBe('');
    expect(config.status).toBe(0);
    const { environment } = services(config.stdout)['open-scenario'];
    // As it would stand in another compose file: doubled again.
    expect(JSON.parse(environment.OPENING.replaceAll('$$', '$')).topic).toBe('what $5 can buy');
  });
});
