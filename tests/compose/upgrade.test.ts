import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repository } from '../harness/started-process.ts';
import { Deployment, docker } from './deployment.ts';

const tag = 'parley-test-before';
const images: Record<string, string> = { PARLEY_IMAGE_TAG: tag };
let folder: string;
let deployment: Deployment;

/** The images of the commit before this one, as an operator has them who upgrades. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-upgrade-'));
  const archive = `git archive HEAD~1 | tar -x -C ${folder}`;
  execFileSync('bash', ['-euo', 'pipefail', '-c', archive], { cwd: repository });
  for (const program of ['router', 'agent'])
    docker(
      'build',
      '--quiet',
      '-f',
      join(folder, `Dockerfile.${program}`),
      '-t',
      `parley-${program}:${tag}`,
      folder,
    );
  deployment = await Deployment.create('parley-test-upgrade', {
    overlay: 'tests/compose/endless.yml',
    env: images,
  });
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  docker('image', 'rm', '--force', `parley-router:${tag}`, `parley-agent:${tag}`);
  rmSync(folder, { recursive: true, force: true });
});

const imageOf = (service: string): string =>
  docker('inspect', '--format', '{{.Config.Image}}', ...deployment.containers(service));

test('an upgrade from the images of the commit before keeps all messages, and the conversation continues', async () => {
  deployment.up(['router', 'alice', 'bob']);
  const before = await deployment.conversation('a few turns', ({ turns }) => turns >= 4);
  const { id } = before.conversation;
  expect(imageOf('router')).toBe(`parley-router:${tag}`);

  // The router first: agents of the version before speak to it meanwhile.
  images.PARLEY_IMAGE_TAG = 'latest';
  deployment.up(['router'], '--no-deps');
  const between = await deployment.conversation(
    'it goes on with the agents of before',
    (one) => one.id === id && one.turns >= before.conversation.turns + 4,
  );
  deployment.up(['alice', 'bob'], '--no-deps');
  const after = await deployment.conversation(
    'it goes on with the new agents',
    (one) => one.id === id && one.turns >= between.conversation.turns + 4,
  );
  expect(['router', 'alice', 'bob'].map(imageOf)).toEqual([
    'parley-router:latest',
    'parley-agent:latest',
    'parley-agent:latest',
  ]);
  expect(after.entries.slice(0, between.entries.length)).toEqual(between.entries);
  expect(after.entries.slice(0, before.entries.length)).toEqual(before.entries);
});
