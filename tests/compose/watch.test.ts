import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAll, repository, StartedProcess } from '../harness/started-process.ts';
import { Deployment, deadlineMs, docker } from './deployment.ts';

let deployment: Deployment;
/** `docker compose up` as a user types it: in the foreground. */
let terminal: StartedProcess;

beforeAll(async () => {
  deployment = await Deployment.create('parley-test-watch', { overlay: 'tests/compose/no-health-check.yml' });
  terminal = new StartedProcess('docker compose up', 'docker', {
    args: ['compose', '--project-directory', '.', 'up', '--no-build'],
    cwd: repository,
    env: deployment.environment,
  });
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  await killAll();
});

/** What the service `watch` has printed in the terminal, without colours. */
const shownBy = ({ stdout }: StartedProcess): string =>
  stripVTControlCharacters(stdout)
    .split('\n')
    .flatMap((line) => /^watch-1 +\| (.*)$/.exec(line)?.[1] ?? [])
    .join('\n');

test('the first message is in the terminal before any health check of the deployment has run', async () => {
  const isThere = (one: StartedProcess) => /^alice: \S/m.test(shownBy(one)) || undefined;
  await terminal.when('the first message', isThere, deadlineMs);
  const health = ['router', 'alice', 'bob'].flatMap((service) =>
    deployment
      .containers(service)
      .map((id) => JSON.parse(docker('inspect', '--format', '{{json .State.Health}}', id))),
  );
  expect(health).toEqual(health.map(() => ({ Status: 'starting', FailingStreak: 0, Log: [] })));
  expect(health).toHaveLength(3);
});

test('`docker compose up` prints names, sentences, the ending and the address of the page', async () => {
  await terminal.when('the end', (one) => /^Ended: /m.test(shownBy(one)) || undefined, deadlineMs);
  const text = shownBy(terminal);
  expect(text).toMatch(/^Watch it in a browser: http:\/\/127\.0\.0\.1:\d+$/m);
  // Who talks about what, then every message of the ledger in its order, then the ending.
  const { entries } = await deployment.conversation('of alice and bob', ({ status }) => status === 'ended');
  const said = entries.flatMap((entry) => (entry.type === 'said' ? [`${entry.from}: ${entry.text}`] : []));
  expect(said).toHaveLength(40);
  const places = [/^alice, bob on: ./m, ...said, /^Ended: max-turns/m].map((part) =>
    typeof part === 'string' ? text.indexOf(part) : text.search(part),
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test('every service of the deployment is started again by the engine, also after a restart of the engine', () => {
  const containers = ['router', 'alice', 'bob', 'watch'].flatMap((service) => deployment.containers(service));
  const policies = containers.map((id) =>
    docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', id),
  );
  expect(policies).toEqual(containers.map(() => 'unless-stopped'));
});

const run = (...args: string[]) => deployment.compose(['run', '--rm', '-T', 'parley', ...args]);

test('the command line runs in a container: it lists and exports conversations', () => {
  const [{ id }] = JSON.parse(run('ls', '--json')) as [{ id: string }];
  expect(run('export', id, '--format', 'markdown')).toContain('alice');
  // The router of `demo` is inside the container: the address of the deployment would show another conversation.
  const demo = run('demo', '--turns', '2');
  expect(demo).toContain('its router is in this container, where no browser reaches it');
  expect(demo).not.toContain('http:');
});

test('`docker compose run --rm parley doctor` finds nothing wrong with a deployment that runs', () => {
  const report = run('doctor');
  expect(report).toMatch(/^Nothing is wrong\.$/m);
  expect(report).toContain('ok     2 agents are connected, and no conversation waits for another');
});
