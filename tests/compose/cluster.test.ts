import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Entry } from '@parley/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../harness/poll.ts';
import { repository } from '../harness/started-process.ts';
import { checkHistories } from '../history-checker/check.ts';
import { type ConversationPage, Deployment, docker } from './deployment.ts';

const execute = promisify(execFile);
const servers = ['nats-1', 'nats-2', 'nats-3'];
const routers = ['router-1', 'router-2', 'router-3'];
const agents = ['alice', 'bob'];

let cluster: Deployment;

beforeAll(async () => {
  cluster = await Deployment.create('parley-test-cluster', {
    files: [
      'docker-compose.yml',
      'tests/compose/overlay.yml',
      'compose.cluster.yml',
      'tests/compose/cluster.yml',
    ],
    env: { PARLEY_NATS_PASSWORD: 'pa55word-of-the-test' },
  });
  cluster.compose(['up', '--no-build', '--detach', '--wait', '--wait-timeout', '240']);
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** New containers in the place of the old ones; resolves when they are healthy. Requests go on meanwhile. */
const replace = async (...services: string[]): Promise<void> => {
  const args = ['compose', '--project-directory', '.', 'up', '--no-build', '--no-deps', '--force-recreate'];
  await execute('docker', [...args, '--detach', '--wait', '--wait-timeout', '180', ...services], {
    cwd: repository,
    env: cluster.environment,
  });
};

/** The conversation of the agents as one router has it, asked in its container. */
const asSeenBy = (router: string, id: string): readonly Entry[] => {
  const script = `const pages = async (path, all = []) => {
    const page = await (await fetch('http://127.0.0.1:8765' + path)).json();
    return page.next ? pages(page.next, [...all, ...page.entries]) : [...all, ...page.entries];
  };
  pages('/v1/conversations/${id}').then((entries) => console.log(JSON.stringify(entries)))`;
  return JSON.parse(cluster.compose(['exec', '-T', router, 'node', '-e', script])) as Entry[];
};

const goesOn = (page: ConversationPage): Promise<ConversationPage> =>
  cluster.conversation(
    'it goes on',
    ({ id, turns }) => id === page.conversation.id && turns >= page.conversation.turns + 3,
  );

/** Asks for the list again and again through the load balancer, until it is stopped; resolves with what was not answered. */
const readAgainAndAgain = (): { stop(): Promise<{ asked: number; failed: string[] }> } => {
  let isOver = false;
  const failed: string[] = [];
  const reading = (async () => {
    let asked = 0;
    for (; !isOver; asked++) {
      await cluster.get('/v1/conversations').catch((error: Error) => failed.push(error.message));
      await delay(50);
    }
    return asked;
  })();
  return {
    async stop() {
      isOver = true;
      return { asked: await reading, failed };
    },
  };
};

test('two agents talk through the load balancer, and all routers have the same conversation', async () => {
  const { conversation } = await cluster.conversation('a few turns', ({ turns }) => turns >= 4);
  const seen = routers.map((router) => ({
    source: router,
    conversation: conversation.id,
    entries: asSeenBy(router, conversation.id),
  }));
  for (const { entries } of seen) expect(entries.length).toBeGreaterThan(4);
  expect(checkHistories(seen, [])).toEqual([]);
});

test('servers, routers and agents are replaced one by one: no turn is lost, none lapses because of a server or a router, and no request fails', {
  timeout: 600_000,
}, async () => {
  let page = await cluster.conversation('a few turns', ({ turns }) => turns >= 4);
  const { id } = page.conversation;
  const before = asSeenBy('router-1', id);
  const reader = readAgainAndAgain();
  /** What was replaced from when on, so that a lapse says what caused it. */
  const replaced: { readonly service: string; readonly at: number }[] = [];
  for (const service of [...servers, ...routers, ...agents]) {
    replaced.push({ service, at: Date.now() });
    await replace(service);
    page = await goesOn(page);
  }
  const { asked, failed } = await reader.stop();
  expect(failed).toEqual([]);
  expect(asked).toBeGreaterThan(0);
  // Connections do not outlive the load balancer, and a turn may lapse with one; all come back to it.
  replaced.push({ service: 'the load balancer', at: Date.now() });
  await replace('router');
  page = await goesOn(page);

  const after = asSeenBy('router-3', id);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(checkHistories([{ source: 'router-3', conversation: id, entries: after }], [])).toEqual([]);
  const lapses = after.flatMap((entry) => {
    if (entry.type !== 'lapsed') return [];
    const during = replaced.findLast(({ at }) => at <= entry.at)?.service;
    // An agent that stops leaves its turn, which is granted again.
    return during === 'the load balancer' || during === entry.from
      ? []
      : [`${entry.cause} of ${entry.from} when ${during} was replaced`];
  });
  expect(lapses).toEqual([]);
  // What a person sees who watches.
  const shown = await until('the watch has shown the last message', () => {
    const text = cluster.compose(['logs', '--no-log-prefix', 'watch']);
    const last = after.findLast(({ type }) => type === 'said');
    return last?.type === 'said' && text.includes(last.text.slice(0, 30)) ? text : undefined;
  });
  expect(shown).not.toMatch(/^(?:parley|error)/m);
});

test('only the load balancer is published, and no agent can reach NATS', () => {
  for (const service of [...servers, ...routers]) {
    const [id = ''] = cluster.containers(service);
    expect(docker('port', id), service).toBe('');
  }
  const [alice = ''] = cluster.containers('alice');
  const networks = JSON.parse(docker('inspect', '--format', '{{json .NetworkSettings.Networks}}', alice));
  expect(Object.keys(networks as object)).toEqual(['parley-test-cluster_default']);
});
