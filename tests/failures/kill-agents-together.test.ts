import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

afterEach(killAll);

const pairs = [1, 2, 3, 4, 5, 6];
const turns = 24;
const generousMs = 120_000;

describe('a process with several agents that is killed without warning', () => {
  it('a process with six agents that is killed, in the middle of six conversations, finds all of them again', {
    timeout: 2 * generousMs,
  }, async () => {
    const router = await RunningRouter.start({ ROUTER_LEDGER: `${temporaryFolder()}/ledger.sqlite` });
    const common = {
      ROUTER_URL: router.url,
      AGENT_REHEARSAL_DELAY_MS: '25',
      AGENT_MAX_TURNS: String(turns),
    };
    const targets = Object.fromEntries(
      pairs.map((pair) => [`AGENT_OPENER_${pair}_TARGET`, `other-${pair}`] as const),
    );
    const start = {
      openers: () =>
        startAgent([], { ...common, ...targets, AGENT_NAMES: 'opener-{1..6}', AGENT_FIRST_SPEAKER: 'true' }),
      others: () => startAgent([], { ...common, AGENT_NAMES: 'other-{1..6}' }),
    };
    const processes = { openers: start.openers(), others: start.others() };
    const all = (what: string, count: number) =>
      until(
        what,
        async () => {
          const views = await router.conversations().catch(() => []);
          return views.length === pairs.length && views.every((view) => view.turns >= count)
            ? views
            : undefined;
        },
        generousMs,
      );

    await all('six conversations past turn 4', 4);
    await processes.openers.kill('SIGKILL');
    processes.openers = start.openers();
    await all('six conversations past turn 12', 12);
    await processes.others.kill('SIGKILL');
    processes.others = start.others();

    for (const { id, by } of await all('six conversations with all their turns', turns)) {
      await router.ended(by, generousMs);
      expectWhole(await router.entries(id), { turns, circle: [by, by.replace('opener', 'other')] });
    }
    expect(await router.conversations()).toHaveLength(pairs.length);
  });
});
