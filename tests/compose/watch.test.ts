import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../harness/poll.ts';
import { Deployment, docker } from './deployment.ts';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.create('parley-test-watch');
});
afterAll(() => deployment[Symbol.asyncDispose]());

/** Without colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours
const plain = (text: string) => text.replaceAll(/\x1b\[[\d;]*[A-Za-z]/g, '');

test('`docker compose up` prints names, sentences, the ending and the address of the page', async () => {
  deployment.compose(['up', '--no-build', '--detach']);
  const shown = () => plain(deployment.compose(['logs', '--no-log-prefix', 'watch']));
  await until('the end of the conversation', () => /^Ended: /m.test(shown()), 90_000);
  const text = shown();
  expect(text).toMatch(/^Watch it in a browser: http:\/\/127\.0\.0\.1:\d+$/m);
  expect([...text.matchAll(/^(alice|bob): \S/gm)]).toHaveLength(40);
});

test('every service of the deployment is started again by the engine, also after a restart of the engine', () => {
  const containers = ['router', 'alice', 'bob', 'watch'].flatMap((service) => deployment.containers(service));
  const policies = containers.map((id) =>
    docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', id),
  );
  expect(policies).toEqual(containers.map(() => 'unless-stopped'));
});

test('the command line runs in a container: it lists and exports conversations', () => {
  const run = (...args: string[]) => deployment.compose(['run', '--rm', '-T', 'parley', ...args]);
  const [{ id }] = JSON.parse(run('ls', '--json')) as [{ id: string }];
  expect(run('export', id, '--format', 'markdown')).toContain('alice');
});
