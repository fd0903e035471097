import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../harness/poll.ts';
import { Deployment, deadlineMs } from './deployment.ts';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.create('parley-test-disk', { overlay: 'tests/compose/small-disk.yml' });
  deployment.up(['router', 'alice', 'bob']);
});
afterAll(() => deployment[Symbol.asyncDispose]());

const inRouter = (script: string): string =>
  deployment.compose(['exec', '-T', 'router', 'bash', '-c', script]);
const metric = (name: string): number => {
  const ask = `node -e "fetch('http://localhost:9464/metrics').then(async (answer) => console.log(await answer.text()))"`;
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(inRouter(ask))?.[1]);
};

test('a full disk stops the conversation and loses nothing of it, and free space lets it continue without a restart', async () => {
  const before = await deployment.conversation('a few turns', ({ turns }) => turns >= 4);
  const { id } = before.conversation;
  expect(metric('parley_ledger_free_bytes')).toBeGreaterThan(0);
  // dd ends with an error once nothing is left.
  inRouter('dd if=/dev/zero of=/data/fill bs=64k 2>/dev/null || true');
  await until('the ledger cannot be written', () => metric('parley_ledger_failures_total') > 0, deadlineMs);
  expect(metric('parley_ledger_free_bytes')).toBeLessThan(65_536);
  const full = await deployment.conversation('it is read', (one) => one.id === id);

  inRouter('rm /data/fill');
  const after = await deployment.conversation(
    'it goes on',
    (one) => one.id === id && one.turns >= full.conversation.turns + 4,
  );
  expect(after.entries.slice(0, full.entries.length)).toEqual(full.entries);
  expect(after.entries.map(({ seq }) => seq)).toEqual(after.entries.map((_, index) => index + 1));
  expect(deployment.compose(['logs', 'router'])).toContain('the ledger failed');
});
