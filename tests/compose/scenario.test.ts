import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { newBearer } from '../harness/bearers.ts';
import { answerOf } from '../harness/command-line.ts';
import type { ConversationView } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { expectWhole } from '../harness/whole-conversation.ts';
import { Deployment, docker } from './deployment.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-scenario-'));
/** The file with a service for each member, and the file with all members in one service. */
const [written, shared] = [join(folder, 'compose.yml'), join(folder, 'one-process.yml')];
const turns = 12;
const circle = ['north', 'east', 'south', 'west'];
const hasEnded = ({ status }: ConversationView) => status === 'ended';

beforeAll(async () => {
  const changes = ['--turns', String(turns), '--set', 'endings.minTurns=100'];
  await answerOf('compose', 'scenarios/relay.yaml', ...changes, '--out', written);
  await answerOf('compose', 'scenarios/relay.yaml', ...changes, '--one-process', '--out', shared);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [operator, agents] = [newBearer('* operator'), newBearer('* agent')];
const common = newBearer('').token;

describe.each([
  ['no client needs a token', written, '', undefined],
  [
    'all clients share a token, and all members a process',
    shared,
    `ROUTER_TOKENS=${common}\nAGENT_TOKEN=${common}\n`,
    common,
  ],
  [
    'agents and operators have tokens',
    written,
    `ROUTER_TOKENS="${operator.line}\n${agents.line}"\nAGENT_TOKEN=${agents.token}\nPARLEY_TOKEN=${operator.token}\n`,
    operator.token,
  ],
])('the file that `parley compose` writes, where %s', (what, file, env, token) => {
  let deployment: Deployment;
  beforeAll(async () => {
    const [envFile, overlay] = [join(folder, 'env'), join(folder, 'overlay.yml')];
    writeFileSync(envFile, `AGENT_REHEARSAL_DELAY_MS=20\n${env}`);
    // This .env, and not that of the developer.
    const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as {
      services: Record<string, { env_file?: unknown }>;
    };
    const reading = Object.keys(services).filter((name) => services[name]?.env_file !== undefined);
    const lines = reading.map((name) => {
      // The conversation is opened when the router is healthy.
      const health = name === 'router' ? ', healthcheck: { interval: 1s }' : '';
      return `  ${name}: { env_file: !override [${envFile}]${health} }`;
    });
    writeFileSync(overlay, `services:\n${lines.join('\n')}\n`);
    deployment = await Deployment.create(`parley-test-scenario-${what.replaceAll(/\W/g, '').toLowerCase()}`, {
      files: [file],
      overlay,
      envFile,
      ...(token !== undefined && { token }),
    });
    deployment.start();
  });
  afterAll(() => deployment[Symbol.asyncDispose]());

  test('the Compose file brings its conversation to an ending', async () => {
    const { entries, conversation } = await deployment.conversation('its end', hasEnded);
    expect(conversation).toMatchObject({ members: circle, turns, ending: { reason: 'max-turns' } });
    expectWhole(entries, { turns, circle });
  });

  test('the Compose file opens its conversation once, however often it is started', async () => {
    const [opener = ''] = deployment.containers('open-scenario');
    const state = () =>
      JSON.parse(docker('inspect', opener))[0].State as { Status: string; ExitCode: number };
    await until('it has been opened', () => state().Status === 'exited');
    expect(state().ExitCode).toBe(0);
    deployment.start();
    await until('it was opened again', () => state().Status === 'exited');
    expect(state().ExitCode).toBe(0);
    const { conversations } = await deployment.get<{ conversations: unknown[] }>('/v1/conversations');
    expect(conversations).toHaveLength(1);
  });

  test('the Compose file gives no process the secrets of the others', () => {
    const envOf = (service: string): string[] =>
      deployment
        .containers(service)
        .flatMap((id) => JSON.parse(docker('inspect', id))[0].Config.Env as string[])
        .filter((one) => /TOKEN/.test(one) && !one.endsWith('='))
        .map((one) => one.slice(0, one.indexOf('=')));
    const wanted =
      token === undefined ? [[], [], []] : [['ROUTER_TOKENS'], ['AGENT_TOKEN'], ['PARLEY_TOKEN']];
    const member = file === shared ? 'agents' : 'agent-north';
    expect(['router', member, 'open-scenario'].map(envOf)).toEqual(wanted);
  });
});
