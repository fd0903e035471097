import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../harness/poll.ts';
import { repository } from '../harness/started-process.ts';
import { asRoot, Deployment, docker, freePort } from './deployment.ts';

const execute = promisify(execFile);
const domain = 'parley.test';
const image = 'parley-agent:latest';

let folder: string;
let team: Deployment;
let httpsPort: number;
let authority: Buffer;

/** The container's root may not read what belongs to this user alone, and this user not what is root's: through Docker. */
const tokenOf = (name: string): string => asRoot(folder, 'cat', `/x/${name}/token`);

const issue = (...args: string[]): string => team.compose(['run', '--rm', '-T', 'tokens', ...args]);

interface Answer {
  readonly status: number;
  readonly body: string;
}
/** A request of a client outside that trusts the local authority and knows the name. */
const ask = (path: string, token?: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: httpsPort,
        path,
        servername: domain,
        ca: authority,
        headers: { host: domain, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      },
    );
    asked.on('error', reject).end();
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-team-'));
  chmodSync(folder, 0o755);
  httpsPort = await freePort();
  // The conversation goes on while tokens are withdrawn and replaced.
  const slow = join(folder, 'slow.yml');
  const replies = '{ environment: { AGENT_REHEARSAL_DELAY_MS: "300" } }';
  writeFileSync(
    slow,
    `services: { alice: ${replies}, bob: ${replies}, router: { environment: { ROUTER_MAX_TURNS: "400" } } }\n`,
  );
  team = await Deployment.create('parley-test-team', {
    files: ['docker-compose.yml', 'compose.team.yml', 'tests/compose/overlay.yml'],
    env: {
      PARLEY_DOMAIN: domain,
      PARLEY_CADDY: 'local_certs',
      PARLEY_HTTP_PORT: String(await freePort()),
      PARLEY_HTTPS_PORT: String(httpsPort),
      PARLEY_SECRETS: relative(repository, folder),
    },
    overlay: slow,
  });
  for (const name of ['alice', 'bob', 'dora']) issue(name);
  issue('operator', '--role', 'operator');
  issue('prometheus', '--role', 'observer');
  team.up(['router', 'alice', 'bob', 'proxy']);
  await until('the proxy has its certificate', async () => {
    try {
      authority = Buffer.from(
        team.compose(['exec', '-T', 'proxy', 'cat', '/data/caddy/pki/authorities/local/root.crt']),
      );
      // The authority is there before the certificate.
      return (await ask('/healthz')).status === 404;
    } catch {
      return false;
    }
  });
  writeFileSync(join(folder, 'ca.crt'), authority);
});
afterAll(async () => {
  await team[Symbol.asyncDispose]();
  asRoot(folder, 'bash', '-c', 'rm -rf /x/*');
  rmSync(folder, { recursive: true, force: true });
});

test('alice and bob talk with their own tokens, which only the user of the containers can read', async () => {
  const operator = tokenOf('operator');
  await until('a few turns', async () => {
    const { status, body } = await ask('/v1/conversations', operator);
    return (
      status === 200 &&
      (JSON.parse(body) as { conversations: { turns: number }[] }).conversations.some(
        ({ turns }) => turns > 3,
      )
    );
  });
  const stats = asRoot(folder, 'stat', '-c', '%a %u', '/x/alice/token', '/x/router/tokens');
  expect(stats.split('\n')).toEqual(['400 1000', '400 1000']);
  const envOf = (service: string) => {
    const [id = ''] = team.containers(service);
    return docker('inspect', '--format', '{{json .Config.Env}} {{json .Mounts}}', id);
  };
  expect(envOf('bob')).not.toContain(tokenOf('alice'));
  expect(envOf('bob')).not.toContain('/secrets/alice');
  expect(envOf('alice')).not.toContain(tokenOf('alice'));
});

test('only the proxy is published, over TLS with a certificate of the authority, and nothing is read without a token', async () => {
  const [router = '', proxy = ''] = ['router', 'proxy'].flatMap((service) => team.containers(service));
  const published = (id: string) => docker('port', id);
  expect(published(router)).toBe('');
  expect(published(proxy)).toContain('443/tcp');
  expect((await ask('/v1/conversations')).status).toBe(401);
  expect((await ask('/metrics')).status).toBe(401);
  expect((await ask('/healthz')).status).toBe(404);
});

test('an observer scrapes the metrics and cannot act', async () => {
  const observer = tokenOf('prometheus');
  const { status, body } = await ask('/metrics', observer);
  expect(status).toBe(200);
  expect(body).toContain('parley_turns_total');
});

test('a token that is replaced while its agent is connected loses nothing of the conversation', async () => {
  const operator = tokenOf('operator');
  const before = await ask('/v1/conversations', operator);
  expect(before.body).toContain('"running"');
  issue('alice');
  await until('alice is back with her new token', () => {
    const [alice = ''] = team.containers('alice');
    return Number(docker('inspect', '--format', '{{.RestartCount}}', alice)) > 0;
  });
  const { body } = await ask('/v1/conversations', operator);
  const { id, turns } = (JSON.parse(body) as { conversations: [{ id: string; turns: number }] })
    .conversations[0];
  await until('the conversation goes on', async () => {
    const page = JSON.parse((await ask(`/v1/conversations/${id}`, operator)).body) as {
      conversation: { turns: number };
      entries: { seq: number }[];
    };
    expect(page.entries.map(({ seq }) => seq)).toEqual(page.entries.map((_, index) => index + 1));
    return page.conversation.turns >= turns + 4;
  });
});

const elsewhere = 'parley-test-elsewhere';

/** An agent on another machine: a container in a network of its own, which reaches only what the proxy publishes. */
const outside = (env: Record<string, string>): string => {
  const gateway = docker(
    'network',
    'inspect',
    elsewhere,
    '--format',
    '{{range .IPAM.Config}}{{.Gateway}}{{end}}',
  );
  const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  return docker(
    ...['run', '--detach', '--network', elsewhere, '--add-host', `${domain}:${gateway}`],
    ...['-v', `${join(folder, 'ca.crt')}:/ca.crt:ro`],
    ...['-e', `ROUTER_URL=wss://${domain}:${httpsPort}`, ...variables, image],
  );
};

test('an agent on another machine joins over wss, and without the authority is told what is wrong with the certificate', async () => {
  const token = tokenOf('dora');
  const env = { AGENT_NAME: 'dora', AGENT_TOKEN: token, AGENT_TARGET: 'bob', AGENT_FIRST_SPEAKER: 'true' };
  docker('network', 'create', elsewhere);
  const started = [outside(env), outside({ ...env, NODE_EXTRA_CA_CERTS: '/ca.crt' })];
  const logs = async (id = '') => {
    const { stdout, stderr } = await execute('docker', ['logs', id]);
    return stdout + stderr;
  };
  try {
    await until('it has registered', async () => (await logs(started[1])).includes('"registered"'));
    await until('the other one says why not', async () => (await logs(started[0])).includes('certificate'));
    expect(await logs(started[0])).toContain('NODE_EXTRA_CA_CERTS');
  } finally {
    docker('rm', '--force', ...started);
    docker('network', 'rm', elsewhere);
  }
});

test('the withdrawal of a token disconnects its agent, and with a new token it reconnects', async () => {
  const operator = tokenOf('operator');
  const names = async () => {
    const { body } = await ask('/v1/agents', operator);
    return (JSON.parse(body) as { agents: { name: string }[] }).agents.map(({ name }) => name).sort();
  };
  await until('both are there', async () => (await names()).join() === 'alice,bob');
  const old = tokenOf('bob');
  issue('bob', '--withdraw');
  await until('bob is gone', async () => (await names()).join() === 'alice');
  issue('bob');
  expect(tokenOf('bob')).not.toBe(old);
  // The folder of a secret that was away is mounted again by a new container.
  team.compose(['up', '--detach', '--no-build', '--force-recreate', '--no-deps', 'bob']);
  await until('bob is back', async () => (await names()).join() === 'alice,bob');
});

test('the files that are laid over this one are what Compose takes, each with what it is for', () => {
  const config = (...files: string[]) =>
    JSON.parse(
      execFileSync(
        'docker',
        ['compose', ...files.flatMap((file) => ['-f', file]), 'config', '--format', 'json'],
        {
          cwd: repository,
          encoding: 'utf8',
          env: {
            ...team.environment,
            COMPOSE_FILE: undefined,
            COMPOSE_PROFILES: 'observe',
            PARLEY_ACME_EMAIL: 'you@example.com',
            PARLEY_GRAFANA_PASSWORD: 'a password',
            PARLEY_GRAFANA_DOMAIN: 'grafana.parley.test',
          },
        },
      ),
    ).services as Record<string, { ports?: unknown[]; environment?: Record<string, string> }>;
  const [main, withTeam] = ['docker-compose.yml', 'compose.team.yml'];
  expect(Object.keys(config(main, 'deploy/compose.override.sample.yml'))).toContain('bob');
  const traefik = config(main, withTeam, 'deploy/proxies/compose.traefik.yml');
  expect(Object.keys(traefik)).toContain('traefik');
  expect(Object.keys(traefik)).not.toContain('proxy');
  const { grafana } = config(main, withTeam, 'deploy/team/compose.grafana.yml');
  expect(grafana?.ports ?? []).toEqual([]);
  expect(grafana?.environment?.GF_AUTH_ANONYMOUS_ENABLED).toBe('false');
});
