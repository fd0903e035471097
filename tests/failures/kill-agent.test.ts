import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { seeded } from '../harness/seeded.ts';
import { killAll } from '../harness/started-process.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

afterEach(killAll);

const turns = 40;
const replyMs = 25;

describe('an agent that is killed without warning', () => {
  it('an agent that is killed finds its conversation of 40 turns again, ten times out of ten', {
    timeout: 240_000,
  }, async () => {
    const random = seeded('kill-agent');
    const router = await RunningRouter.start({ ROUTER_LEDGER: `${temporaryFolder()}/ledger.sqlite` });

    // The one that opened the conversation or the one that was asked, a turn, and a moment in that turn.
    const moments = Array.from({ length: 10 }, (_, one) => ({
      opener: `opener-${one}`,
      other: `other-${one}`,
      killsOpener: random() < 0.5,
      turn: 1 + Math.floor(random() * (turns - 5)),
      afterMs: random() * replyMs,
    }));

    const converse = async (moment: (typeof moments)[number]): Promise<void> => {
      const { opener, other, turn } = moment;
      const env = {
        ROUTER_URL: router.url,
        AGENT_REHEARSAL_DELAY_MS: String(replyMs),
        AGENT_MAX_TURNS: String(turns),
      };
      const start = {
        [opener]: () => startAgent([opener, other, opener], env),
        [other]: () => startAgent([other, opener, opener], env),
      };
      const agents = new Map(Object.entries(start).map(([name, run]) => [name, run()]));
      const { id } = await router.when(
        `of ${opener} past turn ${turn}`,
        (view) => view.by === opener && view.turns >= turn,
      );
      await delay(moment.afterMs);
      const victim = moment.killsOpener ? opener : other;
      await agents.get(victim)!.kill('SIGKILL');
      agents.set(victim, start[victim]!());

      await router.ended(opener, 60_000);
      expectWhole(await router.entries(id), { turns, circle: [opener, other] });
      await Promise.all([...agents.values()].map((agent) => agent.kill()));
    };

    // Two conversations at a time: they have nothing to do with each other.
    for (let next = 0; next < 10; next += 2) await Promise.all(moments.slice(next, next + 2).map(converse));
    expect(await router.conversations()).toHaveLength(10);
  });
});
