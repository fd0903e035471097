import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { newBearer } from '../harness/bearers.ts';
import { until } from '../harness/poll.ts';
import { repository } from '../harness/started-process.ts';
import { asRoot, type ConversationPage, deadlineMs, docker } from './deployment.ts';
import { KubeletNode, kubeletVariables, type PodSpec, restricted } from './kubelet-pod.ts';

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template?: { readonly spec: PodSpec };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
  };
}

let folder: string;
let secrets: string;
let node: KubeletNode;

const workloads = (file: string): Workload[] =>
  parseAllDocuments(readFileSync(join(repository, 'deploy/kubernetes', file), 'utf8'))
    .map((document) => document.toJS() as Workload)
    .filter(({ spec }) => spec?.template ?? spec?.jobTemplate);
const podOf = ({ spec }: Workload): PodSpec =>
  (spec.template ?? spec.jobTemplate?.spec.template)?.spec as PodSpec;

/** What a request inside the network is answered, as text: sent from the container `id`. Undefined when there is no answer. */
const asked = (id: string, url: string, what: 'status' | 'body'): string | undefined => {
  const script = `fetch('${url}').then(async (answer) => console.log(${what === 'status' ? 'answer.status' : 'await answer.text()'}))`;
  try {
    return docker('exec', id, 'node', '-e', script);
  } catch {
    return undefined;
  }
};
const isReady = (id: string, pod: string) =>
  until(`${pod} is ready`, () => asked(id, `http://${pod}:9464/readyz`, 'status') === '200', deadlineMs);
const exitOf = (id: string): Promise<number> =>
  until(
    'it has exited',
    () => {
      const [running, code] = docker(
        'inspect',
        '--format',
        '{{.State.Running}} {{.State.ExitCode}}',
        id,
      ).split(' ');
      return running === 'false' && { code: Number(code) };
    },
    deadlineMs,
  ).then(({ code }) => code);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-kubelet-'));
  secrets = mkdtempSync(join(tmpdir(), 'parley-kubelet-secrets-'));
  asRoot(secrets, 'chmod', '755', '/x');
  asRoot(folder, 'chmod', '755', '/x');
  node = new KubeletNode(folder, 'parley-test-kubelet');
});
afterAll(() => {
  node?.remove();
  for (const one of [folder, secrets]) rmSync(one, { recursive: true, force: true });
});

test('the pods of the demo overlay play their scenario where no secret exists, and the backup job copies the ledger', async () => {
  const [statefulSet] = workloads('base/router.yaml') as [Workload];
  const router = node.start('router', podOf(statefulSet));
  const agents: string[] = [];
  let job = '';
  for (const one of workloads('overlays/demo/agents.yaml')) {
    const id = node.start(one.metadata.name, podOf(one));
    if (one.kind === 'Job') job = id;
    else agents.push(one.metadata.name);
  }
  await isReady(router, 'router');
  for (const agent of agents) await isReady(router, agent);
  expect(agents).toEqual(['agent-judge', 'agent-pro', 'agent-con']);
  expect(await exitOf(job), docker('logs', job)).toBe(0);

  const { conversation: id } = JSON.parse(docker('logs', job)) as { conversation: string };
  const { conversation, entries } = await until(
    'the scenario ends',
    () => {
      const text = asked(router, `http://router:8765/v1/conversations/${id}`, 'body');
      const page = text === undefined ? undefined : (JSON.parse(text) as ConversationPage);
      return page?.conversation.status === 'ended' && page;
    },
    deadlineMs,
  );
  expect(conversation.members).toEqual(['judge', 'pro', 'con']);
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  expect(entries.filter(({ type }) => type === 'said')).toHaveLength(conversation.turns);
  expect(entries.at(-1)).toMatchObject({
    type: 'ended',
    reason: expect.stringMatching(/^(?:agreed|max-turns)$/),
  });

  // Newer than the one that the router made at its start.
  const copy = 'ledger-29990101T000000Z.sqlite';
  docker('exec', router, 'parley-router', 'backup', `/data/backups/${copy}`);
  const [cronJob] = workloads('components/backup/backup.yaml') as [Workload];
  const backup = node.start('backup', podOf(cronJob));
  expect(await exitOf(backup), docker('logs', backup)).toBe(0);
  expect(docker('logs', backup)).toContain('every entry is whole and in its place');
  expect(asRoot(node.claim('backups'), 'ls', '/x')).toBe(copy);
});

const [alice, bob] = [newBearer('alice agent'), newBearer('bob agent')];

/** As the kubelet does it: a new folder, and a link that is replaced by renaming. */
const swap = (version: string, text: string): void => {
  mkdirSync(join(secrets, version));
  writeFileSync(join(secrets, version, 'tokens'), text, { mode: 0o644 });
  symlinkSync(version, join(secrets, '..data.new'));
  renameSync(join(secrets, '..data.new'), join(secrets, '..data'));
};
const start = (name: string, image: string, env: readonly string[], ...options: string[]): string =>
  node.run(
    ...['--network-alias', name, ...restricted('1000:1000'), '--tmpfs', '/tmp:uid=1000'],
    ...[...kubeletVariables, ...env].flatMap((one) => ['-e', one]),
    ...options,
    image,
  );

test('a swap of the folder of secrets withdraws a token while its agent is connected, and leaves the other', async () => {
  swap('..one', `${alice.line}\n${bob.line}\n`);
  symlinkSync('..data/tokens', join(secrets, 'tokens'));
  const router = start(
    'guarded',
    'parley-router',
    ['ROUTER_TOKENS_FILE=/run/secrets/router/tokens', 'ROUTER_HEALTH_HOST=0.0.0.0', 'ROUTER_HOSTS=guarded'],
    ...['-v', `${secrets}:/run/secrets/router:ro`, '-v', '/data'],
  );
  await isReady(router, 'guarded');
  expect(asked(router, 'http://guarded:9464/healthz', 'status')).toBe('200');
  const agents = Object.entries({ alice, bob }).map(([name, { token }]) => {
    const env = [`AGENT_NAME=${name}`, `AGENT_TOKEN=${token}`, 'ROUTER_URL=ws://guarded:8765'];
    return start(name, 'parley-agent', env);
  }) as [string, string];
  for (const id of agents)
    await until('it has registered', () => docker('logs', id).includes('"registered"'), deadlineMs);

  swap('..two', `${alice.line}\n`);
  expect(await exitOf(agents[1])).toBe(1);
  expect(docker('logs', agents[1])).toContain('AGENT_TOKEN');
  expect(docker('inspect', '--format', '{{.State.Running}}', agents[0])).toBe('true');
});
