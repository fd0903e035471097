import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../harness/poll.ts';
import { program } from '../observe/programs.ts';
import { Deployment, deadlineMs, docker } from './deployment.ts';

/** Only root may start an engine; CI is root. */
const dockerd = process.getuid?.() === 0 ? program('dockerd') : undefined;

let folder: string;
let engine: ChildProcess;
let deployment: Deployment;

/**
 * An engine of the test's own, with a network namespace of its own: the engine that others use must not be stopped, and its packet
 * filter not be changed.
 */
const startEngine = async (): Promise<void> => {
  const options = [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'pid'), '--host', `unix://${join(folder, 'sock')}`],
    ...['--bridge', 'none', '--default-address-pool', 'base=10.213.0.0/16,size=24'],
  ];
  const script = 'ip link set lo up && exec "$@"';
  engine = spawn('unshare', ['--net', 'sh', '-c', script, 'sh', dockerd ?? '', ...options], {
    stdio: 'ignore',
  });
  await until(
    'the engine answers',
    () => {
      try {
        docker('version');
        return true;
      } catch {
        return false;
      }
    },
    deadlineMs,
  );
};

const stopEngine = async (): Promise<void> => {
  const gone = new Promise((resolve) => engine.once('exit', resolve));
  engine.kill('SIGTERM');
  await gone;
};

beforeAll(async () => {
  if (!dockerd) return;
  folder = mkdtempSync(join(tmpdir(), 'parley-reboot-'));
  mkdirSync(join(folder, 'exec'));
  const images = join(folder, 'images.tar');
  docker('save', '--output', images, 'parley-router:latest', 'parley-agent:latest', 'parley-cli:latest');
  process.env.DOCKER_HOST = `unix://${join(folder, 'sock')}`;
  await startEngine();
  docker('load', '--input', images);
  rmSync(images);
  deployment = await Deployment.create('parley-test-reboot', { overlay: 'tests/compose/endless.yml' });
});
afterAll(async () => {
  if (!dockerd) return;
  await deployment[Symbol.asyncDispose]();
  await stopEngine();
  // Left by the engine: namespaces of networks that are mounted.
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [, place = ''] = line.split(' ');
    if (place.startsWith(folder)) execFileSync('umount', ['--lazy', place]);
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Page {
  readonly conversation: { readonly id: string; readonly status: string; readonly turns: number };
  readonly entries: readonly Entry[];
}

/** From inside the router: what it publishes is in the namespace of that engine. */
const get = <T>(path: string): T => {
  const script = `fetch('http://localhost:8765${path}').then(async (answer) => console.log(await answer.text()))`;
  return JSON.parse(deployment.compose(['exec', '-T', 'router', 'node', '-e', script])) as T;
};

const conversation = (what: string, is: (one: Page['conversation']) => boolean): Promise<Page> =>
  until(
    what,
    () => {
      try {
        const { conversations } = get<{ conversations: Page['conversation'][] }>('/v1/conversations');
        const found = conversations.find(is);
        return found && get<Page>(`/v1/conversations/${found.id}`);
      } catch {
        return undefined;
      }
    },
    deadlineMs,
  );

test.skipIf(!dockerd)(
  'after a restart of the engine every service runs again and the conversation continues with all its messages',
  async () => {
    deployment.compose(['up', '--no-build', '--detach', 'router', 'alice', 'bob', 'watch']);
    const before = await conversation('a few turns', ({ turns }) => turns >= 6);
    const { id, turns } = before.conversation;
    await stopEngine();
    expect(() => get('/v1/conversations')).toThrow();

    await startEngine();
    const after = await conversation(
      'it goes on',
      (one) => one.id === id && one.status === 'running' && one.turns >= turns + 6,
    );
    expect(after.entries.slice(0, before.entries.length)).toEqual(before.entries);
    for (const service of ['router', 'alice', 'bob', 'watch']) {
      const [container = ''] = deployment.containers(service);
      expect(docker('inspect', '--format', '{{.State.Running}}', container)).toBe('true');
    }
  },
);
