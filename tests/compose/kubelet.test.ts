import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newBearer } from '../harness/bearers.ts';
import { until } from '../harness/poll.ts';
import { asRoot, docker } from './deployment.ts';

const network = 'parley-test-kubelet';
const containers: string[] = [];
let secrets: string;

/** What a kubelet sets for a Service named as the programs are, where the pod does not refuse it. */
const links = ['ROUTER', 'AGENT'].flatMap((name) => [
  `${name}_SERVICE_HOST=10.0.0.1`,
  `${name}_SERVICE_PORT=8765`,
  `${name}_PORT=tcp://10.0.0.1:8765`,
  `${name}_PORT_8765_TCP=tcp://10.0.0.1:8765`,
  `${name}_PORT_8765_TCP_ADDR=10.0.0.1`,
]);

/** The security of the pods in deploy/kubernetes, in the words of Docker. */
const start = (name: string, image: string, env: readonly string[], ...options: string[]): string => {
  const variables = ['KUBERNETES_SERVICE_HOST=10.0.0.9', ...links, ...env].flatMap((one) => ['-e', one]);
  const id = docker(
    ...[
      'run',
      '--detach',
      '--network',
      network,
      '--network-alias',
      name,
      '--user',
      '1000:1000',
      '--read-only',
    ],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true', '--tmpfs', '/tmp:uid=1000'],
    ...variables,
    ...options,
    image,
  );
  containers.push(id);
  return id;
};

/** Asks from another container, at the address of the pod. */
const probe = (path: string): string =>
  docker(
    ...['run', '--rm', '--network', network, '--entrypoint', 'node', 'parley-cli', '-e'],
    `fetch('http://router:9464${path}').then((answer) => console.log(answer.status), (error) => console.log(String(error.cause)))`,
  );

const [alice, bob] = [newBearer('alice agent'), newBearer('bob agent')];

/** As the kubelet does it: a new folder, and a link that is replaced by renaming. */
const swap = (version: string, text: string): void => {
  mkdirSync(join(secrets, version));
  writeFileSync(join(secrets, version, 'tokens'), text, { mode: 0o644 });
  symlinkSync(version, join(secrets, '..data.new'));
  renameSync(join(secrets, '..data.new'), join(secrets, '..data'));
};

beforeAll(() => {
  secrets = mkdtempSync(join(tmpdir(), 'parley-kubelet-'));
  swap('..one', `${alice.line}\n${bob.line}\n`);
  symlinkSync('..data/tokens', join(secrets, 'tokens'));
  asRoot(secrets, 'chmod', '755', '/x');
  docker('network', 'create', network);
});
afterAll(() => {
  docker('rm', '--force', '--volumes', ...containers);
  docker('network', 'rm', network);
  rmSync(secrets, { recursive: true, force: true });
});

test('the images run as a kubelet runs them, with the variables of service links, and answer its probes', async () => {
  start(
    'router',
    'parley-router',
    ['ROUTER_TOKENS_FILE=/run/secrets/router/tokens', 'ROUTER_HEALTH_HOST=0.0.0.0', 'ROUTER_HOSTS=router'],
    ...['-v', `${secrets}:/run/secrets/router:ro`, '-v', '/data'],
  );
  await until('it is ready', () => probe('/readyz') === '200');
  expect(probe('/healthz')).toBe('200');
  for (const [name, { token }] of Object.entries({ alice, bob }))
    start(name, 'parley-agent', [
      `AGENT_NAME=${name}`,
      `AGENT_TOKEN=${token}`,
      'ROUTER_URL=ws://router:8765',
    ]);
  for (const id of containers.slice(1))
    await until('it has registered', () => docker('logs', id).includes('"registered"'));
});

test('a swap of the folder of secrets withdraws a token while its agent is connected, and leaves the other', async () => {
  swap('..two', `${alice.line}\n`);
  const state = (id = '') => docker('inspect', '--format', '{{.State.Running}}', id);
  await until('bob is refused and ends', () => state(containers[2]) === 'false');
  expect(docker('logs', containers[2] ?? '')).toContain('AGENT_TOKEN');
  expect(state(containers[1])).toBe('true');
});
