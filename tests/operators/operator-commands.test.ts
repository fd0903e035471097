import type { Entry } from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, parley } from '../harness/command-line.ts';
import { FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';

afterEach(killAll);

const startCast = (router: RunningRouter, env: Record<string, string>) => {
  for (const name of ['north', 'east', 'south', 'west'])
    startAgent([name], { ROUTER_URL: router.url, ...env });
};

describe('parley fork and diff', () => {
  it('parley fork at turn 6 with another model shares the first five turns by reference, and parley diff shows the later ones', async () => {
    const server = await FakeOpenAi.start();
    const router = await RunningRouter.start();
    startCast(router, { OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: 'sk-test' });
    const at = ['--url', router.url];
    await answerOf('run', 'scenarios/relay.yaml', '--no-agents', '--turns', '9', ...at);
    const { id } = (await router.conversations())[0]!;
    const fork = (
      await answerOf('fork', id, '--turn', '6', '--set', 'east.model=gpt-4.1-mini', ...at)
    ).trim();
    await router.when('the fork, ended', (view) => view.id === fork && view.status === 'ended');
    const [a, b] = [await router.entries(id), await router.entries(fork)];
    const lines = (entries: readonly Entry[]) => entries.filter((entry) => entry.type === 'said');
    expect(lines(b)).toHaveLength(9);
    expect(b.slice(0, 6)).toEqual(a.slice(0, 6));
    expect(b[6]).toMatchObject({ type: 'forked', seq: 7, parent: { conversation: id, seq: 6 } });
    expect(
      lines(b)
        .slice(5)
        .map(({ text }) => text),
    ).not.toEqual(
      lines(a)
        .slice(5)
        .map(({ text }) => text),
    );
    const models = (entries: readonly Entry[]) =>
      lines(entries)
        .slice(5)
        .filter(({ from }) => from === 'east')
        .map(({ usage }) => usage?.model);
    expect(new Set(models(a))).toEqual(new Set(['gpt-4.1-nano']));
    expect(new Set(models(b))).toEqual(new Set(['gpt-4.1-mini']));
    // By reference: the ledger holds no second copy of what is shared.
    const events = await fetch(`${router.http}/v1/events?since=0&conversation=${fork}`, {
      signal: AbortSignal.timeout(5_000),
    });
    let seen = '';
    for await (const part of events.body!) {
      seen += Buffer.from(part).toString();
      if (seen.includes('"type":"ended"')) break;
    }
    expect(seen.match(/"type":"said"/g)).toHaveLength(4);

    const shown = await answerOf('diff', id, fork, ...at);
    expect(shown).toContain('… 6 entries shared, 5 of them turns …');
    expect(shown).toMatch(/│ forked by operator with east model gpt-4\.1-mini/);
    expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    await server.stop();
  });
});

describe('the acts of an operator', () => {
  it('an operator can pause, step, say, whisper, take a seat, recast, resume and end, and each action is an entry of the ledger', async () => {
    const router = await RunningRouter.start();
    startCast(router, { AGENT_MODEL_KIND: 'rehearsal', AGENT_REHEARSAL_DELAY_MS: '30' });
    const at = ['--url', router.url];
    const run = parley([
      'run',
      'scenarios/relay.yaml',
      '--no-agents',
      // Only the operator may end it, however long the commands take.
      ...['--turns', '100000'],
      ...[
        'endings.quorum=never',
        'endings.repetition=1',
        'limits.tokens=100000k',
        'limits.duration=100 minutes',
      ].flatMap((change) => ['--set', change]),
      ...at,
    ]);
    const { id } = await router.when('running', ({ turns }) => turns > 2);
    const status = async () => (await router.conversations()).find((one) => one.id === id)!;
    await answerOf('pause', id, ...at);
    expect(await status()).toMatchObject({ status: 'paused' });
    const { turns } = await status();
    await answerOf('step', id, '2', ...at);
    await until('two more lines', async () => {
      const now = await status();
      return now.turns === turns + 2 && now.status === 'paused';
    });
    await answerOf('say', id, 'The', 'ferry', 'is', 'late.', '--target', 'east', ...at);
    await answerOf('whisper', id, 'east,west', 'mention the fog', ...at);
    await answerOf('seat', id, 'south', ...at);
    await answerOf('unseat', id, 'south', ...at);
    await answerOf('recast', id, 'west', '--persona', 'You are a prose writer now.', ...at);
    await answerOf('resume', id, ...at);
    await answerOf('end', id, 'enough', 'seen', '--key', 'once', ...at);
    await answerOf('end', id, 'enough', 'seen', '--key', 'once', ...at);
    expect(await run.exit()).toEqual({ code: 17, signal: null });
    const entries = await router.entries(id);
    const acts = entries.filter(({ type }) => !['opened', 'said', 'lapsed', 'joined'].includes(type));
    expect(acts.map(({ type }) => type)).toEqual([
      'paused',
      'resumed',
      'paused',
      'noted',
      'seated',
      'unseated',
      'recast',
      'resumed',
      'ended',
    ]);
    expect(entries.at(-1)).toMatchObject({ type: 'ended', reason: 'operator', detail: 'enough seen' });
    expect(entries).toContainEqual(
      expect.objectContaining({ type: 'said', from: 'operator', text: 'The ferry is late.' }),
    );
  });
});
