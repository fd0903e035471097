import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { settings as agent } from '@parley/agent/settings';
import { settings as router } from '@parley/router/settings';
import { commandLineVariables, loadSettings, teamVariables } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { envExample } from '../../deploy/env-example.ts';
import { repository } from '../harness/started-process.ts';

const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const example = read('.env.example');
const variables = (text: string) => [...text.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);

describe('.env.example', () => {
  it('.env.example is what `npm run generate` writes', () => {
    expect(example).toBe(envExample);
  });

  it('.env.example names every setting of the services, and of Compose, once', () => {
    const tables = [
      ...Object.values(agent),
      ...Object.values(router),
      ...commandLineVariables,
      ...teamVariables,
    ];
    const own = tables.map(({ variable }) => variable);
    const inCompose = [...read('docker-compose.yml').matchAll(/\$\{([A-Z0-9_]+)/g)]
      .map(([, name]) => name!)
      // A convention of terminals.
      .filter((name) => name !== 'FORCE_COLOR');
    const listed = variables(example.replace(/^# A model of your own[\s\S]*?\n\n/m, '\n'));
    expect(listed.toSorted()).toEqual([...new Set([...own, ...inCompose])].toSorted());
  });

  it('.env.example sets nothing until a line is uncommented', () => {
    expect(parseEnv(example)).toEqual({});
  });

  it('.env.example gives the services the same settings as no file', () => {
    const env = parseEnv(
      example.replaceAll(/^#([A-Z])/gm, '$1').replace(/^# A model of your own[\s\S]*?\n\n/m, '\n'),
    );
    const known = { prefixes: [] };
    expect(loadSettings(agent, env, known)).toEqual(loadSettings(agent, {}, known));
    // A path that is set is made absolute; the default is left as it is.
    const { ROUTER_LEDGER, ROUTER_NATS_PROJECTION } = env;
    expect(loadSettings(router, env, known)).toEqual(
      loadSettings(router, { ROUTER_LEDGER, ROUTER_NATS_PROJECTION }, known),
    );
    const { ledger, natsProjection } = loadSettings(router, {}, known);
    expect([ROUTER_LEDGER, ROUTER_NATS_PROJECTION]).toEqual([ledger, natsProjection]);
  });

  it('.env.example has nothing that looks like a secret', () => {
    expect(example).not.toMatch(/sk-|=[A-Za-z0-9+/]{24,}/);
  });
});
