import { afterAll, beforeAll, test } from 'vitest';
import type { ConversationView } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { expectWhole } from '../harness/whole-conversation.ts';
import { Deployment, docker } from './deployment.ts';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.create('parley-test-conversation');
});
afterAll(() => deployment[Symbol.asyncDispose]());

const whole = { turns: 40, circle: ['alice', 'bob'] };
const hasEnded = ({ status }: ConversationView) => status === 'ended';

test('without a key, `docker compose up` holds a whole conversation', async () => {
  deployment.up([]);
  const { entries } = await deployment.conversation('the conversation ends', hasEnded);
  expectWhole(entries, whole);
});

test('a conversation goes on from the ledger when the router is killed in the middle, twice', async () => {
  // Started again after its conversation has ended, alice opens another.
  deployment.compose(['restart', '--timeout', '5', 'alice']);
  const running = await deployment.conversation('turn 8', (one) => !hasEnded(one) && one.turns >= 8);
  const { id } = running.conversation;

  // A crash: everything in the container dies, and the restart policy brings it back.
  const [router = ''] = deployment.containers('router');
  docker('exec', router, 'bash', '-c', 'kill -KILL -1');
  const restarts = () => Number(docker('inspect', '--format', '{{.RestartCount}}', router));
  await until('the engine starts the router again', () => restarts() === 1);
  await deployment.conversation('turn 20', (one) => one.id === id && one.turns >= 20);

  // An operator's kill, after which the engine leaves the container alone until it is started by hand.
  docker('kill', '--signal', 'KILL', router);
  deployment.up(['router']);

  const { entries } = await deployment.conversation('its end', (one) => one.id === id && hasEnded(one));
  expectWhole(entries, whole);
});
