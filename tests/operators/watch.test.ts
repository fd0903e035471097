import { afterEach, expect, test } from 'vitest';
import { parley } from '../harness/command-line.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';

afterEach(killAll);

test('parley watch waits for its router, then shows a whole conversation with names, sentences and its ending', async () => {
  const router = await RunningRouter.start();
  const { port } = router;
  await router.process.kill('SIGTERM');
  const watch = parley(['watch', '--url', `http://127.0.0.1:${port}`, '--page', 'http://here'], {
    FORCE_COLOR: '1',
  });
  await watch.when('that it waits', ({ stdout }) => /waiting for the router/.test(stdout) || undefined);
  await router.startAgain();
  await watch.when(
    'the address of the page',
    ({ stdout }) => /browser: http:\/\/here/.test(stdout) || undefined,
  );
  const env = {
    ROUTER_URL: router.url,
    AGENT_MODEL_KIND: 'rehearsal',
    AGENT_MAX_TURNS: '4',
    AGENT_TOPIC: 'tea',
  };
  startAgent(['bob', 'alice'], env);
  startAgent(['alice', 'bob', 'alice'], env);
  await watch.when('its end', ({ stdout }) => /Ended: max-turns/.test(stdout) || undefined);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  const text = watch.stdout.replaceAll(/\x1b\[[\d;]*m/g, '');
  expect(watch.stdout).toContain('\x1b[');
  expect(text).toMatch(/alice, bob on: tea/);
  expect([...text.matchAll(/^(alice|bob): \S/gm)].map(([, name]) => name)).toEqual([
    'alice',
    'bob',
    'alice',
    'bob',
  ]);
  expect(text).toMatch(/4 turns/);
});

test('parley watch shows the newest messages of running conversations, each once, also when the router restarts', async () => {
  const router = await RunningRouter.start({ AGENT_REHEARSAL_DELAY_MS: '50' });
  const env = {
    ROUTER_URL: router.url,
    AGENT_MODEL_KIND: 'rehearsal',
    AGENT_REHEARSAL_DELAY_MS: '150',
    AGENT_MAX_TURNS: '12',
  };
  startAgent(['bob', 'alice'], env);
  startAgent(['alice', 'bob', 'alice'], env);
  const started = parley(['watch', '--url', router.url]);
  await started.when(
    'a few messages',
    ({ stdout }) => (stdout.match(/^bob: /gm)?.length ?? 0) > 1 || undefined,
  );
  const late = parley(['watch', '--url', router.url]);
  await late.when('the end', ({ stdout }) => /Ended: /.test(stdout) || undefined);
  expect([...late.stdout.matchAll(/^(alice|bob): \S/gm)]).toHaveLength(12);
});
