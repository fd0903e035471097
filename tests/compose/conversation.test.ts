import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../harness/poll.ts';
import { expectWhole } from '../harness/whole-conversation.ts';
import { Deployment, docker } from './deployment.ts';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.create('parley-test-conversation');
});
afterAll(() => deployment[Symbol.asyncDispose]());

const whole = { turns: 40, circle: ['alice', 'bob'] };
const ended = () =>
  deployment.conversation('the conversation ends', 'alice', ({ status }) => status === 'ended');
const reached = (turns: number) =>
  deployment.conversation(`turn ${turns}`, 'alice', (one) => one.turns >= turns);

test('without a key, `docker compose up` holds a whole conversation', async () => {
  deployment.up([]);
  const { entries } = await ended();
  expectWhole(entries, whole);
});

test('a conversation goes on from the ledger when the router is killed in the middle, twice', async () => {
  const before = await deployment.get<{ conversations: { id: string }[] }>('/v1/conversations');
  deployment.compose(['restart', '--timeout', '5', 'alice']);
  const isNew = ({ id }: { id: string }) => before.conversations.every((old) => old.id !== id);
  await deployment.conversation('turn 8', 'alice', (one) => isNew(one) && one.turns >= 8);

  // A crash: the process dies by itself, as it were, and the restart policy brings it back.
  const [router = ''] = deployment.containers('router');
  docker('exec', router, 'bash', '-c', 'kill -KILL -1');
  await reached(20);
  await until(
    'the engine counts a restart',
    () => docker('inspect', '-f', '{{.RestartCount}}', router) === '1',
  );

  // An operator's kill, after which the engine leaves the container alone until somebody starts it.
  docker('kill', '-s', 'KILL', router);
  deployment.up(['router']);

  const { conversation, entries } = await ended();
  expect(isNew(conversation)).toBe(true);
  expectWhole(entries, whole);
});
