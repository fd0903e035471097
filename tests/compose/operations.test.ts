import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repository } from '../harness/started-process.ts';
import { Deployment, docker } from './deployment.ts';

const page = readFileSync(join(repository, 'docs/operations.md'), 'utf8');
const blocks = new Map(
  [...page.matchAll(/<!-- run: ([a-z ]+) -->\n```sh\n([\s\S]*?)```/g)].map(([, name = '', code = '']) => [
    name,
    code,
  ]),
);

let folder: string;
let overlay: string;
let deployment: Deployment;

/** The block of the page as it stands there; its files are in a folder of the test's own. */
const run = (name: string): string => {
  const code = blocks.get(name);
  if (code === undefined) throw new Error(`docs/operations.md has no block ${name}`);
  const inFolder = code.replaceAll(/([<>])([a-z-]+\.sqlite)/g, `$1${folder}/$2`);
  return execFileSync('bash', ['-euo', 'pipefail', '-c', inFolder], {
    cwd: repository,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: deployment.environment,
  });
};

const said = async (): Promise<{ id: string; entries: readonly Entry[]; turns: number }> => {
  const found = await deployment.conversation('the conversation', () => true);
  return { id: found.conversation.id, entries: found.entries, turns: found.conversation.turns };
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-operations-'));
  overlay = 'tests/compose/endless.yml';
  deployment = await Deployment.create('parley-test-operations', { overlay });
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test('Install: the deployment comes up and its conversation is listed', async () => {
  expect(run('install')).toContain('alice');
  await deployment.conversation('a few turns', ({ turns }) => turns >= 4);
});

test('Back up and restore: a router killed with a write-ahead log is restored from the copy and continues from there', async () => {
  const copied = await said();
  run('back up');
  expect(statSync(join(folder, 'parley.sqlite')).size).toBeGreaterThan(4_096);
  await deployment.conversation('more turns', ({ turns }) => turns >= copied.turns + 4);
  const [router = ''] = deployment.containers('router');
  docker('kill', '--signal', 'KILL', router);
  const inData = (command: string) =>
    deployment.compose(['run', '--rm', '-T', '--no-deps', 'router', 'bash', '-c', command]);
  expect(Number(inData('stat -c %s /data/ledger.sqlite-wal'))).toBeGreaterThan(0);

  run('restore');
  const after = await deployment.conversation(
    'it goes on',
    ({ id, status }) => id === copied.id && status === 'running',
  );
  expect(after.entries.slice(0, copied.entries.length)).toEqual(copied.entries);
  await deployment.conversation(
    'new turns',
    ({ id, turns }) => id === copied.id && turns >= copied.turns + 2,
  );
  expect(inData('ls /data')).toMatch(/ledger\.sqlite\.replaced-\d{8}T\d{6}Z(?:\n|$)/);
});

test('Restore is refused while a router has the ledger open', () => {
  expect(() =>
    deployment.compose(['exec', '-T', 'router', 'parley-router', 'restore', '/data/ledger.sqlite.backup']),
  ).toThrow(/a router has \/data\/ledger\.sqlite open: stop it first/);
});

test('Check and disk: the ledger is intact, and its free space is shown', () => {
  expect(run('check')).toContain('every entry is whole and in its place');
  expect(run('disk')).toContain('/data');
});

test('Upgrade: earlier messages stay, and the conversation continues with the new images', async () => {
  const before = await said();
  run('upgrade');
  expect(statSync(join(folder, 'before-upgrade.sqlite')).size).toBeGreaterThan(4_096);
  const after = await deployment.conversation(
    'it goes on',
    ({ id, turns }) => id === before.id && turns >= before.turns + 2,
  );
  expect(after.entries.slice(0, before.entries.length)).toEqual(before.entries);
});

test('Remove and move: a new volume gets the copy, and its conversation continues', async () => {
  run('remove');
  expect(deployment.containers('router')).toEqual([]);
  await deployment[Symbol.asyncDispose]();
  run('move');
  await deployment.conversation('it goes on', ({ status, turns }) => status === 'running' && turns >= 6);
});
