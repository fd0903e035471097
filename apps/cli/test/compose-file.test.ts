import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { composeFile } from '../src/deployment/compose-file.ts';
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
