import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { havePython, startPython } from '../harness/python.ts';
import { repository } from '../harness/started-process.ts';
import { Deployment, deadlineMs } from './deployment.ts';

const read = (path: string) => readFileSync(join(repository, path), 'utf8');
const snippet = /```python\n(.*?)```/s.exec(read('README.md'))?.[1] ?? '';

/** docker-compose.yml with the fourth agent that its comment shows. */
const withFourthAgent = (): string => {
  const shown = /( {2}# carol:\n(?: {2}#.*\n)+)/.exec(read('docker-compose.yml'))?.[1] ?? '';
  const service = shown.replace(/^ {2}# /gm, '  ');
  return read('docker-compose.yml').replace(shown, service);
};

let folder: string;
let deployment: Deployment;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-compose-'));
  const file = join(folder, 'docker-compose.yml');
  writeFileSync(file, withFourthAgent());
  const files = [file, 'tests/compose/overlay.yml'];
  deployment = await Deployment.create('parley-test-readme', { files });
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test.skipIf(!havePython())(
  'the Python client of README.md is answered by alice of `docker compose up`',
  async () => {
    deployment.up(['router', 'alice', 'bob']);
    const client = startPython('readme', snippet, [], { ROUTER_URL: deployment.routerUrl });
    const { code } = await client.exit(deadlineMs);
    expect({ code, stderr: client.stderr }).toEqual({ code: 0, stderr: '' });
    expect(client.stdout.match(/^alice: \S/gm)).toHaveLength(3);
    const { conversation } = await deployment.conversation('of carol', ({ by }) => by === 'carol');
    expect(conversation.members).not.toContain('bob');
  },
);

test('a fourth agent by the lines that docker-compose.yml shows is answered by alice', async () => {
  // Not until carol is healthy: her health check has the interval of the image.
  deployment.start();
  const isTalk = ({ by, status, turns }: { by: string; status: string; turns: number }) =>
    by === 'carol' && status === 'running' && turns >= 4;
  const { conversation, entries } = await deployment.conversation('of carol and alice', isTalk);
  expect(conversation.members).toEqual(['carol', 'alice']);
  const speakers = entries.flatMap((entry) => (entry.type === 'said' ? [entry.from] : []));
  expect(new Set(speakers)).toEqual(new Set(['carol', 'alice']));
  const { conversation: pair } = await deployment.conversation('of the pair', ({ by }) => by === 'alice');
  expect(pair.members).toEqual(['alice', 'bob']);
});
